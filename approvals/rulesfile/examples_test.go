package rulesfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExamplesThatComeOutAsExpectedAreOK(t *testing.T) {
	t.Parallel()
	report, ok := good(t).RunExamples(read(t, "examples.yaml"))
	want := `ok    a privileged account is refused
ok    one address for a month
ok    whoever does not know the size is refused
ok    the emergency account
4 of 4 examples are as expected
`
	if diff := cmp.Diff(want, report); diff != "" || !ok {
		t.Error(ok, diff)
	}
}

func TestAnExampleThatComesOutOtherwiseShowsBoth(t *testing.T) {
	t.Parallel()
	report, ok := good(t).RunExamples([]byte(`
examples:
  - name: wrong seats
    ask: {kind: ip, addresses: [8.8.8.0/24], where: trusted-servers, for: 7d}
    facts: {size: 256}
    want: {rule: addresses, approve: [{group: security, count: 1}], max: 90d}
  - name: too long
    ask: {kind: ip, addresses: [8.8.8.0/24], where: trusted-servers, for: 30d}
    facts: {size: 256}
    want: {rule: addresses}
  - name: another refusal
    ask: {kind: ip, addresses: [8.8.8.0/24], where: trusted-servers, for: 30d}
    facts: {size: 256}
    want: {refuse: rule, says: no rule}
`))
	want := `FAIL  wrong seats
      want: rule "addresses", seats security 1, max 90d
      got:  rule "addresses", seats netsec 2, max 14d
FAIL  too long
      want: rule "addresses"
      got:  refused (too_long): 30d is too long: the rule "addresses" allows 14d at most. Ask for ` + "`for 14d`" + ` or less; it can be renewed.
FAIL  another refusal
      want: refused (rule), saying "no rule"
      got:  refused (too_long): 30d is too long: the rule "addresses" allows 14d at most. Ask for ` + "`for 14d`" + ` or less; it can be renewed.
0 of 3 examples are as expected
`
	if diff := cmp.Diff(want, report); diff != "" || ok {
		t.Error(ok, diff)
	}
}

func TestMistakesInExamplesAreAllReported(t *testing.T) {
	t.Parallel()
	report, ok := good(t).RunExamples([]byte(`examples:
  - name: a
    ask: {kind: ipv4, addresses: [8.8.8.8/24], for: long, were: x}
    facts: {acount.synced: true, size: many}
    want: {rule: adresses, refuse: rule}
  - name: a
    want: {says: x}
`))
	want := `3:17: example "a": kind is "ipv4"; it must be one of: ip, account, app
3:35: example "a": "8.8.8.8/24" is no address (write 8.8.8.8 or 8.8.8.0/24)
3:53: example "a": for is "long", which is no duration (write 30m, 12h, 90d or 2w)
3:59: unknown key "were" in example "a": ask (did you mean "where"?)
4:13: example "a": there is no fact "acount.synced" (did you mean "account.synced"?)
4:40: example "a": the fact size must be a whole number
5:11: example "a": want either a ruling (rule, approve, max) or a refusal (refuse, says)
5:18: example "a": the rules file has no rule "adresses" (did you mean "addresses"?)
6:5: example "a": ask is missing
6:11: two entries have the name "a"
7:11: example "a": want either a ruling (rule, approve, max) or a refusal (refuse, says)
`
	if diff := cmp.Diff(want, report); diff != "" || ok {
		t.Error(ok, diff)
	}
}
