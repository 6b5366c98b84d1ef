const { RunnableLambda } = require('@langchain/core/runnables');
const { captureRuns } = require('@observatory/testing');

const captured = captureRuns();
if (process.argv[2] === 'late') require('@observatory/langchain').instrumentLangChain();
RunnableLambda.from((x) => `answer to ${x}`)
  .invoke('commonjs')
  .then(() => console.log(JSON.stringify({ responses: captured.runs.map(({ response }) => response) })));
