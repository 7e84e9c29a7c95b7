/* Small helps around pages that already work. */
import "./copy-text.js"
import "./local-time.js"
import "./session-end.js"
import "./new-password.js"
import "./passkey-button.js"
import "./wait-for-token.js"
