// fastify as its documentation recommends it for production: schemas for bodies and replies (which
// compile validators and serializers), no logger, one process.
import fastify from 'fastify';
import { stopOnSignal, userById } from './database.mjs';

const user = {
  type: 'object',
  required: ['id', 'name', 'email', 'age', 'tags'],
  additionalProperties: false,
  properties: {
    id: { type: 'string' },
    name: { type: 'string' },
    email: { type: 'string' },
    age: { type: 'number' },
    tags: { type: 'array', items: { type: 'string' } },
  },
};
const id = {
  type: 'object',
  required: ['id'],
  additionalProperties: false,
  properties: { id: { type: 'string' } },
};

const app = fastify({ logger: false });

app.post('/echo', { schema: { body: user, response: { 200: user } } }, (request, reply) => {
  reply.send(request.body);
});

app.post('/read', { schema: { body: id, response: { 200: user } } }, async (request, reply) => {
  const found = await userById(request.body.id);
  if (!found) return reply.code(404).send();
  return found;
});

await app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
stopOnSignal(() => app.close());
