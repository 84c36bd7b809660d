package slacktest

// methodTable returns everything that the Web API knows.
func (w *Workspace) methodTable() map[string]method {
	write := []string{"chat:write"}
	read := []string{"channels:read", "groups:read", "im:read"}
	content := []string{
		"channel", "text", "blocks", "metadata", "unfurl_links", "unfurl_media",
		"mrkdwn", "parse", "link_names",
	}
	with := func(more ...string) []string { return append(append([]string{}, content...), more...) }
	return map[string]method{
		"auth.test":             {do: (*call).authTest},
		"apps.connections.open": {app: true, do: (*call).connectionsOpen},
		"chat.postMessage":      {scopes: write, args: with("thread_ts"), do: (*call).postMessage},
		"chat.update":           {scopes: write, args: with("ts"), do: (*call).updateMessage},
		"chat.delete":           {scopes: write, args: []string{"channel", "ts"}, do: (*call).deleteMessage},
		"chat.postEphemeral":    {scopes: write, args: with("user", "thread_ts"), do: (*call).postEphemeral},
		"chat.getPermalink":     {args: []string{"channel", "message_ts"}, do: (*call).permalink},
		"conversations.open": {
			scopes: []string{"im:write"}, args: []string{"users", "return_im", "prevent_creation"}, do: (*call).openIM,
		},
		"conversations.info": {
			scopes: read, args: []string{"channel", "include_locale", "include_num_members"}, do: (*call).channelInfo,
		},
		"conversations.members": {
			scopes: read, args: []string{"channel", "cursor", "limit"}, do: (*call).channelMembers,
		},
		"users.info": {scopes: []string{"users:read"}, args: []string{"user", "include_locale"}, do: (*call).userInfo},
		"users.list": {
			scopes: []string{"users:read"}, args: []string{"cursor", "limit", "include_locale", "presence"},
			do: (*call).userList,
		},
		"users.lookupByEmail": {scopes: []string{"users:read.email"}, args: []string{"email"}, do: (*call).userByEmail},
		"views.open":          {args: []string{"trigger_id", "view"}, do: (*call).viewsOpen},
		"views.push":          {args: []string{"trigger_id", "view"}, do: (*call).viewsPush},
		"views.update":        {args: []string{"view_id", "external_id", "hash", "view"}, do: (*call).viewsUpdate},
		"views.publish":       {args: []string{"user_id", "hash", "view"}, do: (*call).viewsPublish},
	}
}
