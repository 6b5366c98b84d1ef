import { instrumentLangChain } from '@observatory/langchain';

instrumentLangChain();
