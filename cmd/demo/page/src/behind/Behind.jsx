// What stands behind the chat: Entra ID, what is due, and the audit log.
import {useStore} from '../store.js';
import {Audit} from './Audit.jsx';
import {Due} from './Due.jsx';
import {Tenant} from './Tenant.jsx';

export function Behind() {
  const {world} = useStore();
  return (
    <aside className="behind" aria-label="Behind it">
      <Tenant tenant={world.tenant} now={world.now} />
      {world.own && <Due due={world.due} now={world.now} />}
      {world.own && <Audit audit={world.audit} now={world.now} />}
      <p className="made"><a href="/licences.txt">Licences of what this page is made of</a></p>
    </aside>
  );
}
