package graphtest

// Name is the UPN of the user with this object id; anything else is its own name.
func (t *Tenant) Name(id string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.user(id); u != nil {
		return u.UPN
	}
	return id
}
