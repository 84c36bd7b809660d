package main

import (
	"errors"
	"fmt"
	"strings"

	"hallpass/approvals/rulesfile"
)

// rules carries out the commands about rules files. They need no config and no network.
func (p program) rules(args []string) error {
	if len(args) == 0 {
		return errUsage{"rules: say what to do", "hallpass rules test RULES [EXAMPLES], or hallpass rules env"}
	}
	switch name, rest := args[0], args[1:]; name {
	case "env":
		if len(rest) > 0 {
			return errUsage{"rules env takes no arguments", ""}
		}
		return p.say("%s", rulesfile.Env())
	case "test":
		if len(rest) < 1 || len(rest) > 2 || strings.HasPrefix(rest[0], "-") {
			return errUsage{"rules test wants one or two files", "As in: hallpass rules test rules.yaml examples.yaml"}
		}
		return p.testRules(rest)
	default:
		return errUsage{fmt.Sprintf("there is no command %q", "rules "+name), rulesfile.Meant(name, []string{"test", "env"})}
	}
}

func (p program) testRules(files []string) error {
	data, err := p.readFile(files[0])
	if err != nil {
		return fmt.Errorf("reading the rules file: %w", err)
	}
	file, err := rulesfile.Parse(data)
	if mistakes, ok := errors.AsType[rulesfile.Mistakes](err); ok {
		for _, m := range mistakes {
			p.complain("%s:%v\n", files[0], m)
		}
		return errFailed
	}
	if err != nil {
		return fmt.Errorf("reading the rules file: %w", err)
	}
	if err := p.say("%s is in order: %d groups, %d locations, %d exclusions, %d zones; hash %.12s\n", files[0],
		len(file.Groups()), len(file.Locations()), len(file.Exclusions()), len(file.Zones()), file.Hash()); err != nil {
		return err
	}
	if len(files) == 1 {
		return nil
	}
	examples, err := p.readFile(files[1])
	if err != nil {
		return fmt.Errorf("reading the examples: %w", err)
	}
	report, ok := file.RunExamples(examples)
	if err := p.say("%s", report); err != nil {
		return err
	}
	if !ok {
		return errFailed
	}
	return nil
}
