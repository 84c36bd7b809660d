package bot

import "errors"

// ErrGone says that a message, a channel or a person cannot be reached any more: deleted, archived, or without the app.
var ErrGone = errors.New("the message or channel is gone")
