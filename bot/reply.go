package bot

import (
	"context"
	"errors"
	"time"

	"hallpass/approvals"
)

// reply answers the actor. It is the last thing done for an act: one that has to wait for the platform is sent as soon as it
// may be, and any other failure is logged and no more.
func (b *Bot) reply(ctx context.Context, in Incoming, c Card) {
	chat, ok := b.chat(in.Account.Platform)
	if !ok {
		return
	}
	err := chat.Reply(ctx, in, c)
	if wait, ok := errors.AsType[*approvals.Later](err); ok {
		b.cfg.Go(func(ctx context.Context) { b.replyAt(ctx, chat, in, c, wait) })
		return
	}
	if err != nil {
		b.cfg.Log.WarnContext(ctx, "an answer could not be delivered", "operation", in.Operation, "error", err)
	}
}

// replyAt answers when the platform said that it may be, for as long as what runs after an acknowledgement lives.
func (b *Bot) replyAt(ctx context.Context, chat Chat, in Incoming, c Card, wait *approvals.Later) {
	for {
		timer := time.NewTimer(min(max(wait.At.Sub(b.cfg.Now()), 50*time.Millisecond), time.Minute))
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
		err := chat.Reply(ctx, in, c)
		if err == nil {
			return
		}
		again, ok := errors.AsType[*approvals.Later](err)
		if !ok || ctx.Err() != nil {
			b.cfg.Log.WarnContext(ctx, "an answer could not be delivered", "operation", in.Operation, "error", err)
			return
		}
		wait = again
	}
}
