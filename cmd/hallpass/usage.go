package main

const usage = `hallpass: exemptions in Microsoft Entra ID that are asked for, approved, and taken away on time

Usage:
    hallpass serve  [-config FILE]                  run until it is told to stop
    hallpass check  [-config FILE]                  try everything the config names; say what is wrong and what to do
    hallpass pause  [-config FILE] -because TEXT    hold back new exemptions in all replicas; removals go on
    hallpass resume [-config FILE] [-accept-loss]   go on after a pause; if Redis lost what was signed, show what hallpass
                                                    knows and what Entra ID has, and go on only if that is accepted
    hallpass restore [-config FILE] [-checkpoints FILE [-key FILE]] [-go]
                                                    bring back what the newest checkpoint keeps and Redis has lost; without
                                                    -go only say what that would be
    hallpass rules test RULES [EXAMPLES]            check a rules file, and judge example asks by it
    hallpass rules env                              what conditions in a rules file can use
    hallpass audit export [-config FILE] [-from N] [-format ocsf]
                                                    write the audit log to standard output, as JSON Lines; with -format ocsf
                                                    as events of OCSF 1.3.0 for a SIEM, which cannot be verified
    hallpass audit verify [-checkpoints FILE -key FILE] EXPORT
                                                    find any changed, missing or re-ordered line of an export
    hallpass audit seal-store [-config FILE]        authenticate all that stands in Redis with the first of audit.mac_keys:
                                                    once when keys come into use, and before an old one is taken away
    hallpass evidence [-config FILE] ID             write one signed package for an auditor: why, who said yes, what was
    hallpass evidence [-config FILE] [-archive FILE [-key FILE]] -period 2027-Q1
                                                    changed, how it ended; of one request, or of all in force then, those in
                                                    audit.archive_folder and in named archives (of an older key) included
    hallpass evidence verify -key FILE EVIDENCE     check such a package, anywhere
    hallpass archive [-config FILE] -before DAY [-to FILE -go]
                                                    write signed evidence of what was finished before a day to a file, and take
                                                    it out of Redis; without -go it only says what it would do
    hallpass remove-all -print -checkpoints FILE -key FILE
                                                    write a PowerShell script that takes every live entry of the newest
                                                    checkpoint out of Entra ID by hand
    hallpass advise [-config FILE] ACCOUNT          what stops an account at signing in, and the ways out
    hallpass steps [-config FILE] ID                what has to be done by hand for a request now; a script if there is one
    hallpass unmanaged [-config FILE] [-json]       every exemption in Entra ID that no request stands behind: who put it
                                                    there, and which policies it lets off from. It changes nothing
    hallpass zone check [-config FILE]              look whether every fenced zone holds; say what to mend
    hallpass zone plan [-n N] [-name NAME]          what an administrator creates for N zones, for Graph and PowerShell
    hallpass zone plan -blocked                     the same for accounts to be blocked when their exemption ends
    hallpass teams-package -app-id ID -host NAME [-out FILE]
                                                    write the app package for Microsoft Teams (hallpass.zip)
    hallpass version
    hallpass help

FILE is hallpass.yaml unless given. Secrets come from environment variables or files that the config names.
The exit code is 0, 1 if something failed, or 2 if the command was not understood.

Examples:
    hallpass rules test rules.yaml examples.yaml
    hallpass check -config /etc/hallpass/hallpass.yaml && hallpass serve -config /etc/hallpass/hallpass.yaml
    hallpass pause -because "incident 4711"

To try hallpass without Slack, Redis or a tenant: go run ./cmd/demo
`
