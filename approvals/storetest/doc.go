// Package storetest holds what every store of this project must keep, as tests, and starts real Redis servers for them.
package storetest
