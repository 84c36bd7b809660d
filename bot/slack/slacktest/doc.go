// Package slacktest is an emulated Slack workspace.
//
// A [Workspace] answers the Web API, the Socket Mode link and response
// addresses as Slack does, keeps what people would see, and lets a test or the
// demo page act as one of them: type a command, click a button, submit a form.
// It is strict: a method, an argument or a block that it does not model is
// refused with Slack's own error code, and every limit of the platform is
// checked on arrival.
//
// The time comes from [Options.Now] alone. Without sockets (HTTP delivery and
// [Workspace.Transport]) nothing in here starts a goroutine, so that it can run
// inside a testing/synctest bubble.
package slacktest
