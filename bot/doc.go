// Package bot talks to people. It knows no platform: it reads neutral acts, asks the engine, and shows neutral cards,
// which the packages below it render for Slack and Teams.
package bot
