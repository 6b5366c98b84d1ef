/** The page a developer types into: plain HTML, no build, nothing loaded from anywhere. Answers are shown as text. */
export function chatPage({ dashboardUrl, agents }: { dashboardUrl: string; agents: string[] }): string {
  const options = agents.map((name) => `<option>${name}</option>`).join('');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Observatory demo chat</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; --accent: light-dark(#4338ca, #a5b4fc); }
  body { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem; display: flex; flex-direction: column; min-height: 100vh; box-sizing: border-box; }
  header { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; flex-wrap: wrap; }
  h1 { font-size: 1.1rem; margin: 0; }
  a { color: var(--accent); }
  #log { flex: 1; padding: 1rem 0; display: flex; flex-direction: column; gap: .75rem; }
  .message { white-space: pre-wrap; overflow-wrap: anywhere; padding: .6rem .9rem; border-radius: .9rem; max-width: 85%; }
  .user { align-self: flex-end; background: light-dark(#4338ca, #3730a3); color: #fff; }
  .agent { align-self: flex-start; background: light-dark(#f1f5f9, #1e293b); }
  .failed { outline: 2px solid light-dark(#b91c1c, #f87171); }
  form { display: flex; gap: .5rem; position: sticky; bottom: 0; padding: 1rem 0; background: Canvas; }
  input { flex: 1; }
  input, select, button { font: inherit; padding: .5rem .75rem; border-radius: .6rem; border: 1px solid light-dark(#64748b, #94a3b8); }
  .rate { font-size: .85rem; display: flex; gap: .5rem; align-items: center; }
  .rate button { padding: 0 .4rem; }
</style>
<header>
  <h1>Demo chat</h1>
  <label>Agent <select id="agent">${options}</select></label>
  <a href="${dashboardUrl}" target="_blank" rel="noreferrer">Watch it in the dashboard</a>
</header>
<main id="log" aria-live="polite"></main>
<form id="form">
  <input id="message" aria-label="Message" placeholder="Where is my order FF-20871?" autocomplete="off" autofocus>
  <button>Send</button>
</form>
<script>
  const byId = (id) => document.getElementById(id);
  let session;
  byId('agent').onchange = () => { session = undefined; byId('log').replaceChildren(); };
  const show = (who, text) => {
    const bubble = document.createElement('div');
    bubble.className = 'message ' + who;
    bubble.textContent = text;
    byId('log').append(bubble);
    bubble.scrollIntoView();
    return bubble;
  };
  const rate = (runId) => {
    const row = document.createElement('div');
    row.className = 'rate';
    for (const [score, sign, label] of [['thumbs_up', '👍', 'Good answer'], ['thumbs_down', '👎', 'Bad answer']]) {
      const button = document.createElement('button');
      button.textContent = sign;
      button.setAttribute('aria-label', label);
      button.onclick = async () => {
        await fetch('/feedback', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ run_id: runId, score }) });
        row.textContent = 'Thank you';
      };
      row.append(button);
    }
    byId('log').append(row);
  };
  byId('form').onsubmit = async (event) => {
    event.preventDefault();
    const message = byId('message').value.trim();
    if (!message) return;
    byId('message').value = '';
    show('user', message);
    const bubble = show('agent', '…');
    let text = '';
    const response = await fetch('/chat', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message, session_id: session, user_id: 'you', agent: byId('agent').value, stream: true }),
    });
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let buffer = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      buffer += value;
      const events = buffer.split('\\n\\n');
      buffer = events.pop();
      for (const line of events) {
        const data = JSON.parse(line.slice(6));
        if (data.delta) text += data.delta;
        if (data.error) { text = data.error; bubble.classList.add('failed'); }
        if (data.text) text = data.text;
        bubble.textContent = text;
        if (data.session_id) session = data.session_id;
        if (data.run_id) rate(data.run_id);
        bubble.scrollIntoView(false);
      }
    }
  };
</script>
</html>`;
}
