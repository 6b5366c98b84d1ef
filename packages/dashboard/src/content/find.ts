import { createContext, useContext } from 'react';

/** Words a search led here with: cut text opens up where they would otherwise stay hidden. Empty when there are none. */
export const FindContext = createContext('');

export function useFind(): string {
  return useContext(FindContext);
}
