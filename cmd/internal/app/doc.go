// Package app is the program without its command line: the configuration, the wiring, metrics and health.
package app
