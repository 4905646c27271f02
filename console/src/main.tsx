import { render } from 'preact';

import { App } from './app.js';
import { followLinks } from './router.js';
import { checkSession } from './session.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/views.css';

followLinks();
void checkSession();
render(<App />, document.getElementById('app') as HTMLElement);
