package redisstore

import (
	"context"
	"crypto/tls"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// ClientConfig says which Redis to connect to: one server, one behind Sentinels (MasterName), or a Cluster.
type ClientConfig struct {
	Addrs                              []string
	MasterName                         string
	Cluster                            bool
	Username, Password                 string
	SentinelUsername, SentinelPassword string
	TLS                                *tls.Config
	// Dialer, if set, is used instead of the network.
	Dialer func(ctx context.Context, network, addr string) (net.Conn, error)
}

// NewClient makes a connection with the settings that this store needs. The client's own defaults repeat a script whose
// reply was lost, ignore deadlines, and do not find a cluster's new master in time.
func NewClient(cfg ClientConfig) redis.UniversalClient {
	o := &redis.UniversalOptions{
		Addrs: cfg.Addrs, MasterName: cfg.MasterName, IsClusterMode: cfg.Cluster, Username: cfg.Username, Password: cfg.Password,
		SentinelUsername: cfg.SentinelUsername, SentinelPassword: cfg.SentinelPassword, TLSConfig: cfg.TLS, Dialer: cfg.Dialer,
		MaxRetries: -1, ContextTimeoutEnabled: true, DialTimeout: 2 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 2 * time.Second,
		DialerRetries: 1, PoolSize: 40, Protocol: 2,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	switch {
	case cfg.Cluster:
		c := o.Cluster()
		c.ClusterStateReloadInterval = time.Second
		return redis.NewClusterClient(c)
	case cfg.MasterName != "":
		return redis.NewFailoverClient(o.Failover())
	}
	return redis.NewClient(o.Simple())
}
