// Package redisstore keeps requests, targets, the inbox, the due work and the Graph budget in Redis.
//
// Each change is one Lua script: all checks come before the first write, so a script does everything or nothing. The
// clock of everything stored is the server's, inside the scripts. A due member's score is its lease: claiming pushes the
// score forward, so the work of a worker that vanished simply comes due again.
package redisstore
