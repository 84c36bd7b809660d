package graph

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// CredentialConfig says how hallpass signs in. Preferred, in this order: workload, managed, certificate, secret.
type CredentialConfig struct {
	Kind           string // workload, managed, certificate or secret
	Tenant, Client string
	// Authority is the login host: https://login.microsoftonline.com, or that of a national cloud.
	Authority   string
	Secret      string // for secret
	Certificate []byte // for certificate: PEM or PKCS#12 with certificate and private key
	// CertificatePassword opens a PKCS#12 file. May be empty.
	CertificatePassword []byte
	TokenFile           string // for workload: the file with the federated token
	// HTTP carries the calls to the login host. It must not compress: the token endpoint refuses that. Nil: the default.
	HTTP *http.Client
	// Private says that the login host is not one of Microsoft's well-known ones, so that it cannot be looked up there.
	Private bool
}

// NewCredential makes the credential that was asked for, and no other: there is no chain that might find one by chance.
func NewCredential(cfg CredentialConfig) (azcore.TokenCredential, error) {
	opts := azcore.ClientOptions{Cloud: cloud.AzurePublic}
	if cfg.Authority != "" {
		opts.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: cfg.Authority, Services: cloud.AzurePublic.Services}
	}
	if cfg.HTTP != nil {
		opts.Transport = cfg.HTTP
	}
	switch cfg.Kind {
	case "workload":
		return azidentity.NewWorkloadIdentityCredential(&azidentity.WorkloadIdentityCredentialOptions{
			ClientOptions: opts, ClientID: cfg.Client, TenantID: cfg.Tenant, TokenFilePath: cfg.TokenFile, DisableInstanceDiscovery: cfg.Private,
		})
	case "managed":
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: opts}
		if cfg.Client != "" {
			o.ID = azidentity.ClientID(cfg.Client)
		}
		return azidentity.NewManagedIdentityCredential(o)
	case "certificate":
		certs, key, err := azidentity.ParseCertificates(cfg.Certificate, cfg.CertificatePassword)
		if err != nil {
			return nil, fmt.Errorf("graph: reading the certificate: %w", err)
		}
		return azidentity.NewClientCertificateCredential(cfg.Tenant, cfg.Client, certs, key, &azidentity.ClientCertificateCredentialOptions{
			ClientOptions: opts, DisableInstanceDiscovery: cfg.Private,
		})
	case "secret":
		return azidentity.NewClientSecretCredential(cfg.Tenant, cfg.Client, cfg.Secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions: opts, DisableInstanceDiscovery: cfg.Private,
		})
	}
	return nil, errors.New("graph: a credential is workload, managed, certificate or secret")
}
