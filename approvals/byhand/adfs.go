package byhand

import (
	"net/netip"
	"strings"
)

// adfs lets addresses past the rules by which AD FS demands MFA at relying parties (Microsoft's pages "Access Control
// Policies in Windows Server 2012 R2 AD FS", "Access Control Policies in AD FS" and "Set-AdfsRelyingPartyTrust").
//
// Each rule that issues the claim by which AD FS demands MFA gets one more condition for each address: unless the request
// comes from there. A relying party with an access control policy has no such rules, and rules for all relying parties
// cannot be lifted at one: the script says so and changes nothing. On the way out it never stops: where there is no relying
// party any more, or no rule, nothing of it is there.
func (j job) adfs() Work {
	var patterns, found []string
	for _, e := range j.entries {
		if p, err := netip.ParsePrefix(e); err == nil {
			if pattern, ok := Pattern(p); ok {
				patterns = append(patterns, claim(pattern))
			}
		}
	}
	if len(patterns) != len(j.entries) { // it was refused when it was planned
		return Work{Lines: []string{"One of these is no address that AD FS can be told of: " + codes(j.entries) + ". Say so: " + code("/hallpass revoke "+string(j.request)+" because …") + "."}}
	}
	state := "yes"
	if j.undo {
		state = "no"
	}
	for _, party := range j.place.Parties {
		for _, e := range j.entries {
			found = append(found, party+" "+e+" "+state)
		}
	}
	file := "hallpass-" + strings.ToLower(string(j.request)) + ".ps1"
	lines := []string{
		"On the primary AD FS server, as an AD FS administrator: save the script as " + code(file) + " and run it. It saves what it finds and prints what it would change, and changes nothing.",
		"Read that. If it is right, run " + code(".\\"+file+" -Apply") + ". It is about " + codes(j.entries) + " at " + codes(j.place.Parties) + ", and nothing else.",
	}
	if !j.undo {
		lines = append(
			lines,
			"If it stops and says why, it has changed nothing, and there is nothing to attest: "+code("/hallpass revoke "+string(j.request)+" because …")+".",
			"AD FS is told the address by its Web Application Proxy, in a header. Whoever reaches AD FS past the proxy can put any address there: look that from outside nobody can.",
		)
	}
	return Work{
		Lines: lines,
		Script: fill(adfsScript+sealing, map[string]string{
			"SUBJECT": quote(j.subject()), "REQUEST": quote(string(j.request)), "PARTIES": list(j.place.Parties), "ADDRESSES": list(j.entries),
			"PATTERNS": list(patterns), "UNDO": truth(j.undo),
		}),
		Expect: seal(j.subject(), found), Evidence: "the last line that the script prints: `hallpass-…`",
	}
}

const adfsScript = `#Requires -Modules ADFS
param([switch]$Apply)
$ErrorActionPreference = 'Stop'
$subject = %SUBJECT%
$request = %REQUEST%
$parties = %PARTIES%
$addresses = %ADDRESSES%
$patterns = %PATTERNS%
$undo = %UNDO%
$claim = 'http://schemas.microsoft.com/2012/01/requestcontext/claims/x-ms-forwarded-client-ip'
$demand = 'http://schemas.microsoft.com/claims/multipleauthn'
$quote = [string][char]34

# Splits rules at semicolons, leaving those within quotes alone. Joined, the parts are the text again.
function Split-Rules([string]$text) {
    $rules = @(); $rule = ''; $quoted = $false
    foreach ($c in $text.ToCharArray()) {
        $rule += $c
        if ($c -eq [char]34) { $quoted = -not $quoted }
        if ($c -eq ';' -and -not $quoted) { $rules += $rule; $rule = '' }
    }
    if ($rule -ne '') { $rules += $rule }
    return $rules
}

# Where the conditions of a rule end and what it issues begins; -1 if it has no arrow.
function Find-Arrow([string]$rule) {
    $quoted = $false
    for ($i = 0; $i -lt $rule.Length - 1; $i++) {
        if ($rule[$i] -eq [char]34) { $quoted = -not $quoted }
        if (-not $quoted -and $rule.Substring($i, 2) -eq '=>') { return $i }
    }
    return -1
}

# Whether a rule issues the demand for MFA.
function Test-Demand([string]$rule) {
    $at = Find-Arrow $rule
    return $at -ge 0 -and $rule.Substring($at).Contains($demand)
}

# The condition for one address, and what finds it again however it is spaced.
function Get-Condition([string]$pattern) {
    return 'NOT EXISTS([Type == ' + $quote + $claim + $quote + ', Value =~ ' + $quote + $pattern + $quote + '])'
}
function Get-Finder([string]$pattern) {
    return 'NOT\s+EXISTS\s*\(\s*\[\s*Type\s*==\s*' + $quote + [regex]::Escape($claim) + $quote + '\s*,\s*Value\s*=~\s*' +
        $quote + [regex]::Escape($pattern) + $quote + '\s*\]\s*\)'
}

# One rule with, or without, the condition for each address.
function Edit-Rule([string]$rule) {
    foreach ($pattern in $patterns) {
        $finder = Get-Finder $pattern
        if ($undo) {
            $rule = [regex]::Replace($rule, '\s*&&\s*' + $finder, '')
            $rule = [regex]::Replace($rule, $finder + '\s*&&\s*', '')
            $rule = [regex]::Replace($rule, $finder, '')
            continue
        }
        if ([regex]::IsMatch($rule, $finder)) { continue }
        $at = Find-Arrow $rule
        $before = $rule.Substring(0, $at).TrimEnd()
        $joint = ' && '
        if ($before -eq '' -or $before.EndsWith($quote)) { $joint = ' ' }
        $rule = $before + $joint + (Get-Condition $pattern) + [Environment]::NewLine + $rule.Substring($at)
    }
    return $rule
}

$everywhere = [string](Get-AdfsAdditionalAuthenticationRule).AdditionalAuthenticationRules
if (-not $undo -and $everywhere.Contains($demand)) {
    throw 'STOP: rules for all relying parties demand MFA (Get-AdfsAdditionalAuthenticationRule). They cannot be lifted at one relying party. Nothing was changed.'
}

# Look at all of them before anything is changed.
$trusts = @()
foreach ($party in $parties) {
    $trust = Get-AdfsRelyingPartyTrust -Identifier $party
    if ($null -eq $trust -and $undo) {
        Write-Output ('there is no relying party trust with the identifier ' + $party + ' any more')
        continue
    }
    if ($null -eq $trust) { throw ('STOP: there is no relying party trust with the identifier ' + $party + '. Nothing was changed.') }
    if (-not $undo -and $trust.AccessControlPolicyName) {
        throw ('STOP: ' + $party + ' has the access control policy ' + $trust.AccessControlPolicyName + ', which is what demands MFA there, not rules. This script does not change policies. Nothing was changed.')
    }
    $demands = @(Split-Rules ([string]$trust.AdditionalAuthenticationRules) | Where-Object { Test-Demand $_ })
    if (-not $undo -and $demands.Count -eq 0) {
        throw ('STOP: no rule of ' + $party + ' demands MFA, so a rule for addresses would change nothing. Nothing was changed.')
    }
    $trusts += $trust
}

$stamp = (Get-Date).ToUniversalTime().ToString('yyyyMMddTHHmmssZ')
$number = 0
foreach ($trust in $trusts) {
    $number++
    $old = [string]$trust.AdditionalAuthenticationRules
    $saved = 'hallpass-' + $request + '-' + $stamp + '-' + $number + '.txt'
    Set-Content -Path $saved -Value $old -Encoding UTF8
    Write-Output ('relying party: ' + $trust.Name)
    Write-Output ('its additional authentication rules are saved in ' + $saved)
    $new = ''
    foreach ($rule in (Split-Rules $old)) {
        $edited = $rule
        if (Test-Demand $rule) { $edited = Edit-Rule $rule }
        if ($edited -ceq $rule -and -not $undo -and (Test-Demand $rule)) {
            Write-Output 'A rule has the addresses already. Unless this script put them there, say so now: at the end it takes them out.'
        }
        if ($edited -cne $rule) {
            foreach ($line in ($rule -split [Environment]::NewLine)) { Write-Output ('- ' + $line) }
            foreach ($line in ($edited -split [Environment]::NewLine)) { Write-Output ('+ ' + $line) }
        }
        $new += $edited
    }
    if ($new -ceq $old) {
        Write-Output 'nothing to change'
    } elseif ($Apply) {
        Set-AdfsRelyingPartyTrust -TargetIdentifier $trust.Identifier[0] -AdditionalAuthenticationRules $new
    } else {
        Write-Output 'not changed: run it again with -Apply'
    }
}

# Read back, and say what is there.
$found = @()
$wanted = 'yes'
if ($undo) { $wanted = 'no' }
$wrong = $false
foreach ($party in $parties) {
    $trust = Get-AdfsRelyingPartyTrust -Identifier $party
    $rules = ''
    if ($null -ne $trust) { $rules = [string]$trust.AdditionalAuthenticationRules }
    $demands = @(Split-Rules $rules | Where-Object { Test-Demand $_ })
    for ($i = 0; $i -lt $addresses.Count; $i++) {
        $finder = Get-Finder $patterns[$i]
        $with = @($demands | Where-Object { [regex]::IsMatch($_, $finder) }).Count
        $state = 'part'
        if ($with -eq $demands.Count -and $with -gt 0) { $state = 'yes' }
        if ($with -eq 0) { $state = 'no' }
        Write-Output ($party + ': ' + $addresses[$i] + ': ' + $state)
        if ($state -ne $wanted) { $wrong = $true }
        $found += $party + ' ' + $addresses[$i] + ' ' + $state
    }
}
if ($wrong) {
    Write-Output ''
    Write-Output 'It is not as it was approved, so there is no fingerprint.'
    return
}
`
