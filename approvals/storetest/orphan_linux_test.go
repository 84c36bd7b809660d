package storetest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hallpass/approvals/storetest"
)

// parent is set in the process that starts a child and is killed.
const parent = "HALLPASS_TEST_PARENT"

func TestAServerDoesNotOutliveATestThatIsKilled(t *testing.T) {
	t.Parallel()
	if os.Getenv(parent) != "" {
		child := exec.CommandContext(t.Context(), "sleep", "600")
		storetest.DiesWithUs(child)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("child %d\n", child.Process.Pid)
		_ = child.Wait() // we are killed first
		return
	}
	test := exec.CommandContext(t.Context(), os.Args[0], "-test.run", t.Name())
	test.Env = append(os.Environ(), parent+"=1")
	out, err := test.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := test.Start(); err != nil {
		t.Fatal(err)
	}
	child := 0
	for lines := bufio.NewScanner(out); child == 0 && lines.Scan(); {
		if pid, is := strings.CutPrefix(lines.Text(), "child "); is {
			if child, err = strconv.Atoi(pid); err != nil {
				t.Fatal(err)
			}
		}
	}
	if child == 0 || syscall.Kill(child, 0) != nil {
		t.Fatalf("there is no child %d to be left behind", child)
	}
	_ = test.Process.Kill() // that is what is tested
	_ = test.Wait()         // it was killed
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 500 {
		if !lives(child) {
			return
		}
		<-tick.C
	}
	t.Errorf("child %d outlives the test that was killed", child)
}

// lives reports whether a process runs: one that nobody has waited for yet does not.
func lives(pid int) bool {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(after, "Z")
}
