// A small app on Slack's own framework. It judges the emulated workspace: what
// Bolt accepts and answers here, Slack's other clients accept as well.
//
// Settings come from the environment: SLACK_API_URL, SLACK_BOT_TOKEN, and for
// MODE=socket SLACK_APP_TOKEN, for MODE=http SLACK_SIGNING_SECRET. When it is
// ready it prints one line of JSON, with the port in HTTP mode.
import bolt from '@slack/bolt';

const { App } = bolt;
const env = process.env;
const clientOptions = { slackApiUrl: env.SLACK_API_URL, retryConfig: { retries: 0 } };
const socketMode = env.MODE === 'socket';

const app = new App({
  token: env.SLACK_BOT_TOKEN,
  clientOptions,
  ...(socketMode
    ? { socketMode, appToken: env.SLACK_APP_TOKEN, installerOptions: { clientOptions } }
    : { signingSecret: env.SLACK_SIGNING_SECRET }),
});

const plain = (text) => ({ type: 'plain_text', text });
const button = (action_id, text) => ({ type: 'button', action_id, text: plain(text), value: 'HP-7' });

app.command('/hallpass', async ({ command, ack, client }) => {
  await ack({ text: 'on it' });
  await client.chat.postMessage({
    channel: command.channel_id,
    text: `asked: ${command.text}`,
    blocks: [
      { type: 'section', text: plain(command.text) },
      { type: 'actions', elements: [button('approve', 'Approve'), button('deny', 'Deny')] },
    ],
  });
});

app.action('approve', async ({ body, ack, client, respond }) => {
  await ack();
  await client.chat.update({ channel: body.channel.id, ts: body.message.ts, text: `approved by ${body.user.id}`, blocks: [] });
  await respond({ text: 'thank you', replace_original: false, response_type: 'ephemeral' });
});

app.action('deny', async ({ body, ack, client }) => {
  await ack();
  await client.views.open({
    trigger_id: body.trigger_id,
    view: {
      type: 'modal',
      callback_id: 'deny',
      title: plain('Deny'),
      submit: plain('Deny'),
      blocks: [
        { type: 'input', block_id: 'why', label: plain('Reason'), element: { type: 'plain_text_input', action_id: 'reason' } },
      ],
    },
  });
});

app.view('deny', async ({ ack, view }) => {
  const reason = view.state.values.why.reason.value;
  if (reason.length < 5) {
    await ack({ response_action: 'errors', errors: { why: 'say more' } });
    return;
  }
  await ack();
});

app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [{ type: 'section', text: plain('hello') }] } });
});

const server = await app.start({ port: 0, host: '127.0.0.1' });
console.log(JSON.stringify({ ready: true, port: socketMode ? 0 : server.address().port }));
