package app

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"hallpass/approvals"
	"hallpass/approvals/audit"
)

// WriteRemoveAll writes a PowerShell script that takes every live entry of a checkpoint out of Entra ID: for the day on
// which hallpass cannot. Ids and addresses are written in their one canonical form, so that nothing in a checkpoint can
// break out of its quotes; an entry that has none is an error, and nothing is written. The script only says what it would
// do unless it is run with -Go. What people have put somewhere by hand stands at its end, in comments.
func WriteRemoveAll(w io.Writer, c audit.Checkpoint) error {
	byTarget := map[approvals.Target][]string{}
	var order []approvals.Target
	var wrong []error
	var hands []string
	for _, l := range c.Live {
		if place, is := handPlace(l.Target); is { // quoted so that it stays one line of ASCII
			hands = append(hands, fmt.Sprintf("# %s: %s\n", strconv.QuoteToASCII(place), strconv.QuoteToASCII(l.Entry)))
			continue
		}
		t, err := approvals.ParseTarget(l.Target)
		if err == nil {
			err = wellNamed(t)
		}
		entry := l.Entry
		if err == nil {
			entry, err = canonical(t.Kind, l.Entry)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("the entry of %q: %w", l.Request, err))
			continue
		}
		if byTarget[t] == nil {
			order = append(order, t)
		}
		if !slices.Contains(byTarget[t], entry) { // two requests may keep one entry
			byTarget[t] = append(byTarget[t], entry)
		}
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	slices.SortFunc(order, func(a, b approvals.Target) int { return strings.Compare(a.String(), b.String()) })
	var b strings.Builder
	fmt.Fprintf(&b, removeHead, c.At.UTC().Format(time.RFC3339), len(c.Live))
	for _, t := range order {
		switch t.Kind {
		case approvals.TargetGroup:
			for _, entry := range byTarget[t] {
				fmt.Fprintf(&b, "Remove-Member '%s' '%s'\n", t.ID, entry)
			}
		case approvals.TargetApp:
			fmt.Fprintf(&b, "Disable-App '%s'\n", t.ID)
		case approvals.TargetBlock:
			group, account := t.Blocked()
			fmt.Fprintf(&b, "Add-Blocked '%s' '%s'\n", group, account)
		case approvals.TargetSessions:
			fmt.Fprintf(&b, "Revoke-Sessions '%s'\n", t.ID)
		case approvals.TargetMFA:
			fmt.Fprintf(&b, "Restore-Mfa '%s' '%s'\n", t.ID, strings.TrimPrefix(byTarget[t][0], approvals.EntryWas))
		case approvals.TargetLocation, approvals.TargetManual:
			fmt.Fprintf(&b, "Remove-Ranges '%s' @('%s')\n", t.ID, strings.Join(byTarget[t], "', '"))
		}
	}
	if len(hands) > 0 {
		slices.Sort(hands)
		b.WriteString("\n# This script does not reach what people have put into these places by hand. Take it out there yourself:\n" + strings.Join(slices.Compact(hands), ""))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the script: %w", err)
	}
	return nil
}

// handPlace is the name of a place by hand, from how a target of a checkpoint is written.
func handPlace(target string) (string, bool) {
	return strings.CutPrefix(target, string(approvals.TargetManual)+":")
}

// wellNamed refuses a target whose id is none that hallpass has: it stands between quotes in the script.
func wellNamed(t approvals.Target) error {
	switch {
	case t.Kind == approvals.TargetApp && !regexp.MustCompile(`^hallpass-[a-z0-9-]+$`).MatchString(t.ID):
		return fmt.Errorf("%q is no unique name of hallpass", t.ID)
	case t.Kind == approvals.TargetBlock:
		if group, account := t.Blocked(); !looksLikeID(group) || !looksLikeID(account) {
			return fmt.Errorf("%q is not two object ids", t.ID)
		}
	case t.Kind != approvals.TargetApp && !looksLikeID(t.ID): // an account's, for per-user MFA and for sessions
		return fmt.Errorf("%q is no object id", t.ID)
	}
	return nil
}

// canonical is the one form of an entry: a prefix, or an object id in lower case. An application is disabled as a whole, so
// that all its entries are one.
func canonical(kind approvals.TargetKind, entry string) (string, error) {
	switch kind {
	case approvals.TargetApp:
		return approvals.EntryRegistered, nil
	case approvals.TargetMFA:
		if entry != approvals.EntryWas+"enabled" && entry != approvals.EntryWas+"enforced" {
			return "", fmt.Errorf("%q is no per-user MFA state", entry)
		}
		return entry, nil
	case approvals.TargetBlock:
		return approvals.EntryUnblocked, nil
	case approvals.TargetSessions:
		return approvals.EntrySignedIn, nil
	case approvals.TargetLocation, approvals.TargetGroup, approvals.TargetManual:
	}
	if kind == approvals.TargetGroup {
		if !looksLikeID(entry) {
			return "", fmt.Errorf("%q is no object id", entry)
		}
		return strings.ToLower(entry), nil
	}
	p, err := netip.ParsePrefix(entry)
	if err != nil || p.Addr().Zone() != "" {
		return "", fmt.Errorf("%q is no range of addresses", entry)
	}
	return p.String(), nil
}

// removeHead is the script before its calls. A location must keep a range: Entra ID takes none without one, and
// 192.0.2.255 is nobody's address. Ranges are compared as addresses, because IPv6 has more than one spelling.
const removeHead = `# Takes out of Entra ID what hallpass kept there at %s: %d entries.
# Look at it first: it only says what it would do. With -Go it does it. It needs the module Microsoft.Graph.Authentication and
#   Connect-MgGraph -Scopes Policy.Read.All, Policy.ReadWrite.ConditionalAccess, GroupMember.ReadWrite.All, Application.ReadWrite.All, Policy.ReadWrite.AuthenticationMethod, User.RevokeSessions.All
param([switch]$Go)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Get-Canonical([string]$Cidr) {
    $parts = $Cidr.Split('/')
    [System.Net.IPAddress]::Parse($parts[0]).ToString() + '/' + $parts[1]
}

function Remove-Member([string]$Group, [string]$User) {
    Write-Output "group ${Group}: member ${User}"
    if (-not $Go) { return }
    # Without /$ref this would delete the user.
    try { Invoke-MgGraphRequest -Method DELETE -Uri ('/v1.0/groups/' + $Group + '/members/' + $User + '/$ref') }
    catch { Write-Warning "not removed: $_" }
}

function Add-Blocked([string]$Group, [string]$User) {
    Write-Output "account ${User}: blocked"
    if (-not $Go) { return }
    # In a national cloud this is the host of its own Graph.
    $body = @{ '@odata.id' = 'https://graph.microsoft.com/v1.0/directoryObjects/' + $User } | ConvertTo-Json
    try { Invoke-MgGraphRequest -Method POST -Uri ('/v1.0/groups/' + $Group + '/members/$ref') -Body $body -ContentType 'application/json' }
    catch { Write-Warning "not blocked: $_" }
}

function Disable-App([string]$Name) {
    Write-Output "application ${Name}: disabled"
    if (-not $Go) { return }
    try {
        $app = Invoke-MgGraphRequest -Method GET -Uri ('/v1.0/applications(uniqueName=''' + $Name + ''')?$select=appId') -OutputType PSObject
        Invoke-MgGraphRequest -Method PATCH -Uri ('/v1.0/servicePrincipals(appId=''' + $app.appId + ''')') -Body '{"accountEnabled":false}' -ContentType 'application/json'
    }
    catch { Write-Warning "not disabled: $_" }
}

function Revoke-Sessions([string]$User) {
    Write-Output "account ${User}: signed out everywhere"
    if (-not $Go) { return }
    try { Invoke-MgGraphRequest -Method POST -Uri ('/v1.0/users/' + $User + '/revokeSignInSessions') | Out-Null }
    catch { Write-Warning "not signed out: $_" }
}

function Restore-Mfa([string]$User, [string]$State) {
    Write-Output "account ${User}: per-user MFA ${State}"
    if (-not $Go) { return }
    try { Invoke-MgGraphRequest -Method PATCH -Uri ('/beta/users/' + $User + '/authentication/requirements') -Body ('{"perUserMfaState":"' + $State + '"}') -ContentType 'application/json' }
    catch { Write-Warning "not restored: $_" }
}

function Remove-Ranges([string]$Location, [string[]]$Gone) {
    $uri = '/v1.0/identity/conditionalAccess/namedLocations/' + $Location
    foreach ($range in $Gone) { Write-Output "location ${Location}: $range" }
    if (-not $Go) { return }
    $gone = @($Gone | ForEach-Object { Get-Canonical $_ })
    $now = Invoke-MgGraphRequest -Method GET -Uri $uri -OutputType PSObject
    $keep = @($now.ipRanges | ForEach-Object { $_.cidrAddress } | Where-Object { $gone -notcontains (Get-Canonical $_) })
    if ($keep.Count -eq 0) { $keep = @('192.0.2.255/32') }
    $ranges = @($keep | ForEach-Object {
        $type = if ($_.Contains(':')) { '#microsoft.graph.iPv6CidrRange' } else { '#microsoft.graph.iPv4CidrRange' }
        @{ '@odata.type' = $type; cidrAddress = $_ }
    })
    $body = @{ '@odata.type' = '#microsoft.graph.ipNamedLocation'; ipRanges = $ranges } | ConvertTo-Json -Depth 5
    try { Invoke-MgGraphRequest -Method PATCH -Uri $uri -Body $body -ContentType 'application/json' }
    catch { Write-Warning "not removed: $_" }
}

`
