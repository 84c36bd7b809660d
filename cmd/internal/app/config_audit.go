package app

import (
	"crypto/ed25519"
	"fmt"
	"net/url"
	"time"
)

// Audit says how the audit log is made fast outside Redis. Without the section nothing is signed: whoever can write
// Redis could then write the log anew.
type Audit struct {
	Key               Secret  `yaml:"key" doc:"the Ed25519 key that signs checkpoints, PEM (openssl genpkey -algorithm ed25519). Required with anything else of the section but mac_keys"`
	CheckpointFile    Path    `yaml:"checkpoint_file" doc:"file that checkpoints are appended to; its disk should not be that of Redis. Required with key"`
	CheckpointWebhook Secret  `yaml:"checkpoint_webhook" doc:"address (https) that every checkpoint is posted to as JSON; it may hold a token"`
	Every             string  `yaml:"every" default:"1h" doc:"time between checkpoints, 1m to 24h: what is newer than the newest is only as safe as Redis"`
	MACKeys           Secrets `yaml:"mac_keys" doc:"keys, 32 characters or more each, with which everything in Redis that decides is authenticated (openssl rand -hex 32); the first one signs, the others are still believed"`
	ArchiveFolder     Path    `yaml:"archive_folder" doc:"folder that requests are archived to, as signed evidence, and taken out of Redis, archive_days after they were finished; all replicas must share it. Without it only hallpass archive does that"`
	ArchiveDays       int     `yaml:"archive_days" default:"400" doc:"how many days a finished request stays in Redis where there is an archive_folder, 30 to 3650"`
}

// On reports whether checkpoints are made.
func (a Audit) On() bool { return a.Key.IsSet() }

// Interval is the time between two checkpoints. The config is valid.
func (a Audit) Interval() time.Duration {
	every, err := time.ParseDuration(a.Every)
	if err != nil {
		return time.Hour
	}
	return every
}

// SigningKey is the key. The config is valid.
func (a Audit) SigningKey() (ed25519.PrivateKey, error) {
	return ParseSigningKey([]byte(a.Key.Reveal()))
}

// retentionOf makes from the configuration what is archived by itself.
func retentionOf(cfg Config) (Retention, error) {
	if cfg.Audit.ArchiveFolder == "" {
		return Retention{}, nil
	}
	key, err := cfg.Audit.SigningKey()
	if err != nil {
		return Retention{}, fmt.Errorf("audit.key: %w", err)
	}
	return Retention{string(cfg.Audit.ArchiveFolder), time.Duration(cfg.Audit.ArchiveDays) * 24 * time.Hour, cfg.Tenant.ID, key}, nil
}

func (a Audit) validate(v *checker) {
	if every, err := time.ParseDuration(a.Every); err != nil || every < time.Minute || every > 24*time.Hour {
		v.add("audit.every", "as 1h; from 1m to 24h", "is %q", a.Every)
	}
	for _, key := range a.MACKeys.Reveal() {
		if len(key) < 32 {
			v.add("audit.mac_keys", "openssl rand -hex 32 makes one", "holds a key that is too short")
		}
	}
	if a.ArchiveDays < 30 || a.ArchiveDays > 3650 {
		v.add("audit.archive_days", "from 30 to 3650", "is %d", a.ArchiveDays)
	}
	if a.On() {
		if _, err := a.SigningKey(); err != nil {
			v.add("audit.key", "", "%v", err)
		}
		// A webhook cannot be asked for the newest checkpoint, so a Redis that lost it would not be found out.
		v.need("audit.checkpoint_file", a.CheckpointFile != "", "a checkpoint must be kept where it can be read again")
	} else if a.CheckpointFile != "" || a.CheckpointWebhook.IsSet() || a.ArchiveFolder != "" {
		v.add("audit.key", "set audit.key_env or audit.key_file", "is missing")
	}
	if !a.CheckpointWebhook.IsSet() {
		return
	}
	if u, err := url.Parse(a.CheckpointWebhook.Reveal()); err != nil || u.Scheme != "https" || u.Host == "" { // never shown: it may hold a token
		v.add("audit.checkpoint_webhook", "", "is no address that begins with https://")
	}
}
