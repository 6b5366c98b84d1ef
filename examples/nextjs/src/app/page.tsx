'use client';

import { useChat } from '@ai-sdk/react';
import { type FormEvent, useState } from 'react';

export default function Chat() {
  const { messages, sendMessage, status, stop } = useChat();
  const [question, setQuestion] = useState('');
  const ask = (event: FormEvent) => {
    event.preventDefault();
    void sendMessage({ text: question });
    setQuestion('');
  };
  return (
    <main>
      {messages.map(({ id, role, parts }) => (
        <p key={id}>
          <strong>{role === 'user' ? 'You' : 'Packing help'}: </strong>
          {parts.map((part) => (part.type === 'text' ? part.text : '')).join('')}
        </p>
      ))}
      <form onSubmit={ask}>
        <input
          aria-label="Question"
          value={question}
          onChange={({ target }) => setQuestion(target.value)}
          placeholder="Where is it warmer, Oslo or Lisbon?"
        />
        {status === 'streaming' && (
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        )}
      </form>
    </main>
  );
}
