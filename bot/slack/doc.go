// Package slack is hallpass in a Slack workspace: it receives acts by Socket Mode or signed HTTP, through one code path
// behind the envelope, and renders neutral cards as Block Kit.
//
// Text written by people goes into rich_text text elements only, which Slack shows literally; never into mrkdwn.
package slack
