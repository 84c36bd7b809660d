//go:build !linux

package storetest

import "os/exec"

// DiesWithUs does nothing here: only Linux lets a process die with the one that started it.
func DiesWithUs(*exec.Cmd) {}
