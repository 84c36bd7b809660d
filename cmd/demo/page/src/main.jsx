import {createRoot} from 'react-dom/client';
import 'slack-blocks-to-jsx/dist/style.css';
import 'adaptivecards/lib/adaptivecards.css';
import './page.css';
import './slack/slack.css';
import './teams/teams.css';
import {App} from './App.jsx';
import {start} from './store.js';

start();
createRoot(document.getElementById('page')).render(<App />);
