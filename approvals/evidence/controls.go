package evidence

// Control is a requirement of a framework, and which parts of a record speak to it.
type Control struct {
	Framework string `json:"framework"`
	ID        string `json:"id"`
	Title     string `json:"title"` // in our words
	// Shown names the parts of each record that show it.
	Shown []string `json:"shown_by"`
}

// Controls are the requirements that exemptions from MFA have to answer to. Whether they are met is for the auditor to say.
func Controls() []Control {
	return []Control{
		{"PCI DSS 4.0.1", "8.5.1", "MFA is not bypassed, unless documented, authorised by management, and for a limited time", []string{"justification", "approvals", "in_force", "removal"}},
		{"PCI DSS 4.0.1", "7.2.5.1", "access of application and system accounts is reviewed regularly, and management acknowledges it", []string{"approvals", "use", "in_force"}},
		{"ISO/IEC 27001:2022", "A.5.15", "access is controlled by rules", []string{"approvals", "request"}},
		{"ISO/IEC 27001:2022", "A.5.18", "access rights are granted, reviewed and removed", []string{"approvals", "in_force", "removal"}},
		{"ISO/IEC 27001:2022", "A.8.5", "authentication is secure", []string{"compensating", "before", "after"}},
		{"Directive (EU) 2022/2555 (NIS2)", "Article 21(2)(i)", "access control policies", []string{"approvals", "in_force", "removal"}},
		{"Directive (EU) 2022/2555 (NIS2)", "Article 21(2)(j)", "multi-factor authentication, where appropriate", []string{"justification", "compensating"}},
		{"SOX section 404", "ITGC, access to programs and data", "access is authorised before it is given and removed when it ends", []string{"justification", "approvals", "in_force", "removal"}},
	}
}
