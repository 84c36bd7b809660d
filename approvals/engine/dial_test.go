package engine_test

import (
	"context"
	"net"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// dialled reaches a miniredis in process: no socket, so that fake time does not stand still.
func dialled(mini *miniredis.Miniredis) redis.UniversalClient {
	return redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:6379", Protocol: 2, MaxRetries: -1,
		PoolSize: 200, // nobody ever waits for a connection: the client's waiting uses timers shared between bubbles

		Dialer:                   func(context.Context, string, string) (net.Conn, error) { return mini.Dial() },
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}
