// The rows and payloads of the bench, the same for every system and every run.

export const COUNT = 10_000;

const FIRST = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Donald', 'Frances', 'Tony', 'Margaret', 'Niklaus', 'Radia'];
const LAST = ['Lovelace', 'Hopper', 'Dijkstra', 'Liskov', 'Knuth', 'Allen', 'Hoare', 'Hamilton', 'Wirth', 'Perlman'];
const TAGS = ['admin', 'beta', 'billing', 'eu', 'trial', 'mobile', 'newsletter'];

/** User number `index`: some 130 bytes of JSON. */
export function user(index) {
  const first = FIRST[index % 10];
  const last = LAST[Math.floor(index / 10) % 10];
  const number = String(index).padStart(5, '0');
  return {
    id: `user-${number}`,
    name: `${first} ${last}`,
    email: `${first}.${last}.${number}@example.com`.toLowerCase(),
    age: 18 + (index % 70),
    tags: [TAGS[index % 7], TAGS[(index + 2) % 7], TAGS[(index + 3) % 7]],
  };
}

/** Every user once, in an order that visits the table's pages at random (7919 is prime to 10,000). */
export const users = Array.from({ length: COUNT }, (_, index) => user((index * 7919) % COUNT));

/** What a reply to a call about this user contains, in JSON and in FlatBuffers alike. */
export const expected = ({ email }) => email;
