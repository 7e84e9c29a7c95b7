/* Small helps around pages that already work. */
import "./copy-text.js"
import "./filter-rows.js"
import "./local-time.js"
import "./session-end.js"
import "./new-password.js"
import "./passkey-button.js"
import "./token-summary.js"
import "./wait-for-token.js"
