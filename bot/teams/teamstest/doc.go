// Package teamstest is an emulated Microsoft Teams: people, chats, teams with channels, one installed bot, the connector
// that the bot calls, and the issuer of the tokens with which the connector calls the bot.
//
// A [Cloud] keeps what people would see and lets a test or the demo page act as one of them: install the app, type a
// message, click a button, fill in a dialog. What they do reaches the bot as Teams would send it, with a token signed by
// the emulated Bot Framework issuer. It is strict: a path, a field, a card element or a size that it does not model is
// refused as the connector refuses things, and what people wrote must reach a card as a TextRun or not at all.
//
// One address serves it all: OpenID metadata and keys, the token endpoint of the tenant, and the connector below
// /emea/v3. The time comes from [Options.Now] alone, and nothing in here starts a goroutine, so that with
// [Cloud.Transport] it can run inside a testing/synctest bubble.
package teamstest
