// Package web serves the pages of the security reviewers: what is open, what is about to end, what was done and by whom.
//
// Pages are made on the server, without a script; they ask nobody but this server. People sign in with Entra ID. Whoever
// looks is read from the directory anew, at most a minute old: being a reviewer is never kept in a session.
package web
