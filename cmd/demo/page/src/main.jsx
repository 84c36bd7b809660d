import {createRoot} from 'react-dom/client';
import 'slack-blocks-to-jsx/dist/style.css';
import './page.css';
import './slack/slack.css';
import {App} from './App.jsx';
import {start} from './store.js';

start();
createRoot(document.getElementById('page')).render(<App />);
