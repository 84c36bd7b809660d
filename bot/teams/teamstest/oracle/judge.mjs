// Lets Microsoft's botframework-connector judge tokens. Standard input is one JSON object: metadata (address of the OpenID
// configuration), appId, and attempts with name, authorization, serviceUrl and channelId. Standard output is a list of
// {name, accepted, said} in the same order.
import { readFileSync } from 'node:fs';
import connector from 'botframework-connector';

const { ChannelValidation, SimpleCredentialProvider } = connector;
const { metadata, appId, attempts } = JSON.parse(readFileSync(0, 'utf8'));
ChannelValidation.OpenIdMetadataEndpoint = metadata;
const credentials = new SimpleCredentialProvider(appId, 'unused');

const verdicts = [];
for (const { name, authorization, serviceUrl, channelId } of attempts) {
  try {
    const claims = await ChannelValidation.authenticateChannelTokenWithServiceUrl(authorization, credentials, serviceUrl, channelId);
    verdicts.push({ name, accepted: claims?.isAuthenticated === true, said: '' });
  } catch (err) {
    verdicts.push({ name, accepted: false, said: String(err?.message ?? err).slice(0, 200) });
  }
}
process.stdout.write(JSON.stringify(verdicts));
