// Package bottest is what the tests of every platform share: the neutral pieces that hallpass shows, read from
// bot/testdata/pieces, so that the golden files of all platforms are renderings of the same piece.
//
// The pieces are made in bot's own golden test, from requests in every state. A platform's golden test reads them, renders
// each, checks the rendering against the platform's limits, and compares it with its own golden file:
//
//	pieces, err := bottest.Pieces(os.DirFS(filepath.Join("..", "testdata", "pieces")))
//
// To write them anew after a change of a card, first `go test ./bot -update`, then `go test ./bot/slack -update` (and the
// same for the other platforms), and read the difference.
package bottest
