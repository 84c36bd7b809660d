package byhand

import (
	"strings"

	"hallpass/approvals"
)

// Grant is the change by hand that gives an application a role on what the place names: a site (SharePoint, roles read and
// write) or mailboxes (Exchange, an application role like "Application Mail.Send"). The application is named by its unique
// name (uniqueName in Graph), which is known before it is made.
func Grant(place approvals.ByHand, app, role string) approvals.Change {
	return approvals.Change{
		Target: place.Target(), Title: place.Title, Entry: app + " " + role,
		Label: app + " (" + role + ")", Hand: &place,
	}
}

// roleOf splits the entry of a grant.
func roleOf(entry string) (app, role string) {
	app, role, _ = strings.Cut(entry, " ")
	return app, role
}

// sharePoint gives an application a role on one site (Microsoft's page "Create permission" of sites; the application holds
// Sites.Selected, which gives nothing by itself).
func (j job) sharePoint() Work {
	var found []string
	for _, e := range j.entries {
		app, role := roleOf(e)
		state := "yes"
		if j.undo {
			state = "no"
		}
		found = append(found, app+" "+role+" "+state)
	}
	return Work{
		Lines: []string{
			"Run the script in PowerShell with the module Microsoft.Graph.Authentication, as somebody who may grant permissions of sites (Sites.FullControl.All, delegated, and owner of the site or SharePoint Administrator).",
			"It changes the permissions of " + code(j.place.Site) + " for " + codes(j.entries) + ", and nothing else.",
		},
		Script: fill(sharePointScript+sealing, map[string]string{
			"SUBJECT": quote(j.subject()), "SITE": quote(j.place.Site), "GRANTS": list(j.entries), "UNDO": truth(j.undo),
		}),
		Expect: seal(j.subject(), found), Evidence: "the last line that the script prints: `hallpass-…`",
	}
}

const sharePointScript = `#Requires -Modules Microsoft.Graph.Authentication
$ErrorActionPreference = 'Stop'
$subject = %SUBJECT%
$site = [Uri]%SITE%
$grants = %GRANTS%
$undo = %UNDO%
Connect-MgGraph -Scopes 'Sites.FullControl.All', 'Application.Read.All' -NoWelcome
$id = (Invoke-MgGraphRequest -Method GET -Uri ('/v1.0/sites/' + $site.Host + ':' + $site.AbsolutePath.TrimEnd('/'))).id
$found = @()
foreach ($grant in $grants) {
    $name, $role = $grant -split ' ', 2
    $escaped = [Uri]::EscapeDataString($name.Replace([string][char]39, [string][char]39 * 2))
    $app = Invoke-MgGraphRequest -Method GET -Uri ('/v1.0/applications(uniqueName=' + [char]39 + $escaped + [char]39 + ')?$select=appId,displayName')
    $get = { (Invoke-MgGraphRequest -Method GET -Uri ('/v1.0/sites/' + $id + '/permissions')).value |
        Where-Object { $_.grantedToIdentitiesV2.application.id -contains $app.appId } }
    $before = @(& $get)
    Write-Output ('before: ' + $name + ': ' + (@($before.roles) -join ', '))
    $has = @($before | Where-Object { $_.roles -contains $role })
    if ($undo) {
        foreach ($p in $has) { Invoke-MgGraphRequest -Method DELETE -Uri ('/v1.0/sites/' + $id + '/permissions/' + $p.id) }
    } elseif ($has.Count -eq 0) {
        $body = @{ roles = @($role); grantedToIdentities = @(@{ application = @{ id = $app.appId; displayName = $app.displayName } }) }
        Invoke-MgGraphRequest -Method POST -Uri ('/v1.0/sites/' + $id + '/permissions') -Body ($body | ConvertTo-Json -Depth 5) -ContentType 'application/json' | Out-Null
    }
    $after = @(& $get | Where-Object { $_.roles -contains $role })
    Write-Output ('after:  ' + $name + ': ' + (@((& $get).roles) -join ', '))
    $state = 'no'
    if ($after.Count -gt 0) { $state = 'yes' }
    $found += $name + ' ' + $role + ' ' + $state
}
`

func truth(b bool) string {
	if b {
		return "$true"
	}
	return "$false"
}

// exchange gives an application a role on named mailboxes (Microsoft's page "Role Based Access Control for Applications in
// Exchange Online").
func (j job) exchange() Work {
	var found []string
	for _, e := range j.entries {
		app, role := roleOf(e)
		state := "yes"
		if j.undo {
			state = "no"
		}
		found = append(found, app+" "+role+" "+state)
	}
	var filter []string
	for _, m := range j.place.Mailboxes {
		filter = append(filter, "PrimarySmtpAddress -eq '"+strings.ReplaceAll(m, "'", "''")+"'")
	}
	return Work{
		Lines: []string{
			"Run the script in PowerShell with the modules ExchangeOnlineManagement and Microsoft.Graph.Authentication, as an Exchange Administrator who holds the role group Organization Management.",
			"It changes what " + codes(j.entries) + " may do with " + codes(j.place.Mailboxes) + ", and nothing else. It takes effect within two hours.",
			"The application must not also hold the same permission in Entra ID: that one is for all mailboxes.",
		},
		Script: fill(exchangeScript+sealing, map[string]string{
			"SUBJECT": quote(j.subject()), "SCOPE": quote("hallpass " + j.place.Name), "FILTER": quote(strings.Join(filter, " -or ")),
			"GRANTS": list(j.entries), "UNDO": truth(j.undo),
		}),
		Expect: seal(j.subject(), found), Evidence: "the last line that the script prints: `hallpass-…`",
	}
}

const exchangeScript = `#Requires -Modules ExchangeOnlineManagement, Microsoft.Graph.Authentication
$ErrorActionPreference = 'Stop'
$subject = %SUBJECT%
$scope = %SCOPE%
$filter = %FILTER%
$grants = %GRANTS%
$undo = %UNDO%
Connect-MgGraph -Scopes 'Application.Read.All' -NoWelcome
Connect-ExchangeOnline -ShowBanner:$false
$found = @()
foreach ($grant in $grants) {
    $name, $role = $grant -split ' ', 2
    $escaped = [Uri]::EscapeDataString($name.Replace([string][char]39, [string][char]39 * 2))
    $app = Invoke-MgGraphRequest -Method GET -Uri ('/v1.0/applications(uniqueName=' + [char]39 + $escaped + [char]39 + ')?$select=appId,displayName')
    $sp = Invoke-MgGraphRequest -Method GET -Uri ('/v1.0/servicePrincipals(appId=' + [char]39 + $app.appId + [char]39 + ')?$select=id,appId')
    $get = { @(Get-ManagementRoleAssignment -Role $role -RoleAssignee $sp.id -ErrorAction SilentlyContinue | Where-Object { $_.CustomResourceScope -eq $scope }) }
    Write-Output ('before: ' + $name + ': ' + (@((& $get).Name) -join ', '))
    if ($undo) {
        foreach ($a in (& $get)) { Remove-ManagementRoleAssignment -Identity $a.Name -Confirm:$false }
    } else {
        if (-not (Get-ServicePrincipal -Identity $sp.id -ErrorAction SilentlyContinue)) {
            New-ServicePrincipal -AppId $app.appId -ObjectId $sp.id -DisplayName $app.displayName | Out-Null
        }
        $have = Get-ManagementScope -Identity $scope -ErrorAction SilentlyContinue
        if ($have) { Set-ManagementScope -Identity $scope -RecipientRestrictionFilter $filter }
        else { New-ManagementScope -Name $scope -RecipientRestrictionFilter $filter | Out-Null }
        if ((& $get).Count -eq 0) { New-ManagementRoleAssignment -App $sp.id -Role $role -CustomResourceScope $scope | Out-Null }
    }
    Write-Output ('after:  ' + $name + ': ' + (@((& $get).Name) -join ', '))
    $state = 'no'
    if ((& $get).Count -gt 0) { $state = 'yes' }
    $found += $name + ' ' + $role + ' ' + $state
}
`
