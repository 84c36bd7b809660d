package storetest

import (
	"os/exec"
	"syscall"
)

// DiesWithUs makes a process that is to be started die with the one that starts it, however that ends: a test that is
// killed, or runs into its time limit, leaves nothing behind.
func DiesWithUs(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
