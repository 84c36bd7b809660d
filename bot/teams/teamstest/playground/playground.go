// Package playground runs Microsoft 365 Agents Playground, a Teams-like client in a browser, against a bot that keeps its
// authentication on. The Playground sends activities without a token; Signer adds the one that the emulated issuer would
// send, and Front makes the Playground's own connector reachable at an https address.
//
// The Playground comes from npm when it is asked for. It listens on all interfaces of the machine, and its licence allows
// development and tests only.
package playground

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"

	"hallpass/bot/npmtest"
	"hallpass/bot/teams/teamstest"
)

//go:embed package.json package-lock.json
var files embed.FS

// Settings say who sits in front of the Playground, and what is around them.
type Settings struct {
	// Me is the person who sits in front of it. People are all persons, Me among them.
	Me     teamstest.Person
	People []teamstest.Person
	// BotID is 28:… and BotName what is mentioned.
	BotID, BotName, TenantID string
	// Team is the one team, with the one channel that the Playground knows; Room is a group chat.
	Team    teamstest.Team
	Channel teamstest.Chat
	Room    teamstest.Chat
	// Endpoint is where activities are sent: the address of a Signer.
	Endpoint string
	// ServiceURL is what the activities name as the connector: an address that leads to a Front.
	ServiceURL string
}

// Playground is a running Agents Playground.
type Playground struct {
	// URL is the page, on loopback.
	URL string

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how; set before done is closed
}

// Install puts the Playground into an empty directory. What is missing on the machine is reported as npmtest.ErrMissing.
func Install(ctx context.Context, dir string) (*npmtest.Kit, error) {
	return npmtest.Install(ctx, files, dir)
}

// FreePort returns a port of this machine that nobody listens on right now.
func FreePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("playground: no free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err := errors.Join(err, l.Close()); err != nil {
		return 0, fmt.Errorf("playground: no free port: %w", err)
	}
	return strconv.Atoi(port)
}

// Start runs an installed Playground until the context ends, and waits until its page answers. The address is that of the
// page, such as http://127.0.0.1:56150; only its port can be chosen.
func Start(ctx context.Context, kit *npmtest.Kit, address string, s Settings) (*Playground, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	config, err := s.Config()
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(kit.Dir, ".m365agentsplayground.yml"), config, 0o600); err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	cmd := kit.Command(
		ctx, "node_modules/@microsoft/m365agentsplayground/cli.js", "start", "-e", s.Endpoint, "-c", "msteams",
		"-p", at.Port(), "--su", s.ServiceURL, "--dt",
	)
	cmd.Env = append(cmd.Environ(), "TEAMSAPPTESTER_BROWSER=none", "NO_PROXY=127.0.0.1,localhost", "HOME="+kit.Dir)
	p := &Playground{URL: address, cmd: cmd, done: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := p.ready(ctx, kit.Dir); err != nil {
		return nil, err
	}
	return p, nil
}

// Close ends the Playground.
func (p *Playground) Close() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}

// ready waits for the page. The Playground tells its errors in a log file only.
func (p *Playground) ready(ctx context.Context, dir string) error {
	client := &http.Client{Timeout: 5 * time.Second}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, http.NoBody)
		if err != nil {
			return fmt.Errorf("playground: %w", err)
		}
		if response, err := client.Do(r); err == nil {
			_ = response.Body.Close() // its status is all that counts
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			said, logErr := os.ReadFile(filepath.Join(dir, "devTools", "m365agentsplayground.log")) //nolint:gosec // a folder of our own
			return fmt.Errorf("playground: it ended: %w\n%s", errors.Join(p.err, logErr), said)
		case <-ctx.Done():
			p.Close()
			return fmt.Errorf("playground: its page does not answer: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// Config returns the Playground's configuration file, .m365agentsplayground.yml. It wants at least five users beside the current one.
func (s Settings) Config() ([]byte, error) {
	users := []map[string]string{}
	for _, p := range s.People {
		if p.ID != s.Me.ID {
			users = append(users, user(p))
		}
	}
	for i := 1; len(users) < 5; i++ {
		n := strconv.Itoa(i)
		users = append(users, user(teamstest.Person{
			ID: "29:somebody" + n, ObjectID: "0000000" + n + "-5050-4050-8050-000000000000", Name: "Somebody " + n, UPN: "somebody" + n + "@example.com", Email: "somebody" + n + "@example.com",
		}))
	}
	channels := []map[string]string{{"id": s.Channel.ID, "name": s.Channel.Name}}
	raw, err := yaml.Marshal(map[string]any{
		"version": "0.1.1", "tenantId": s.TenantID, "bot": map[string]string{"id": s.BotID, "name": s.BotName},
		"currentUser": user(s.Me), "users": users,
		"personalChat": map[string]string{"id": "a:1" + s.Me.ID[len("29:"):]},
		"groupChat":    map[string]string{"id": s.Room.ID, "name": s.Room.Name},
		"team":         map[string]any{"id": s.Team.ID, "name": s.Team.Name, "aadGroupId": s.Team.GroupID, "channels": channels},
	})
	if err != nil {
		return nil, fmt.Errorf("playground: %w", err)
	}
	return raw, nil
}

func user(p teamstest.Person) map[string]string {
	return map[string]string{
		"id": p.ID, "name": p.Name, "userPrincipleName": p.UPN, "aadObjectId": p.ObjectID, "givenName": p.GivenName, "surname": p.Surname, "email": p.Email,
	}
}
