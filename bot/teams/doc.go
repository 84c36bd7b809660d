// Package teams is hallpass in Microsoft Teams: it receives signed activities on one address, answers invokes in the HTTP
// response, and renders neutral cards as Adaptive Cards.
//
// What holds here:
//
//   - Nothing is read from an activity before its token is verified, and there is no switch that leaves that out.
//   - The bot's own token goes to allow-listed service addresses only, over https, and follows no redirect.
//   - Text written by people goes into TextRuns only, which Teams shows literally; never into a TextBlock, a FactSet or
//     the text of a message, where links and images would come alive.
//   - A click proves who clicked. What they may do is judged by the engine, every time.
//
// The schema, the adapter and the turn context are those of msbotbuilder-go; its token validator, its credential provider
// and its client are replaced by ours, because its own accept what they must not.
package teams
