// The systems: each makes bytes of a value, and a value of bytes, as one would in production.

export const systems = {
  async kontract({ kontract }) {
    const codecs = await import(kontract);
    return {
      id: { encode: codecs.encodeReply_byId, decode: codecs.decodeReply_byId },
      list100: { encode: codecs.encodeReply_list, decode: codecs.decodeReply_list },
    };
  },

  json() {
    const encode = (value) => Buffer.from(JSON.stringify(value));
    const decode = (bytes) => JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
    return { id: { encode, decode }, list100: { encode, decode } };
  },

  async msgpackr() {
    const { Packr } = await import('msgpackr');
    // Its fastest form: the structure of records is written once and shared.
    const packr = new Packr({ structures: [] });
    const both = { encode: (value) => packr.pack(value), decode: (bytes) => packr.unpack(bytes) };
    return { id: both, list100: both };
  },

  /** What flatc generates from our schemas, with a builder that is reused and strings that are shared. */
  async flatbuffers({ flatbuffers }) {
    const { Builder, ByteBuffer, User, list_reply: List, byId_reply: ById, Id } = await import(flatbuffers);
    const builder = new Builder(16 * 1024);
    const finished = (root) => {
      builder.finish(root);
      const bytes = builder.asUint8Array().slice();
      builder.clear();
      return bytes;
    };
    const writeUser = ({ id, name, email, age, tags }) => {
      const [idAt, nameAt, emailAt] = [id, name, email].map((text) => builder.createSharedString(text));
      const tagsAt = User.createTagsVector(
        builder,
        tags.map((tag) => builder.createSharedString(tag)),
      );
      return User.createUser(builder, idAt, nameAt, emailAt, age, tagsAt);
    };
    const readUser = (user) => ({
      id: user.id(),
      name: user.name(),
      email: user.email(),
      age: user.age(),
      tags: Array.from({ length: user.tagsLength() }, (_, i) => user.tags(i)),
    });
    return {
      id: {
        encode({ id }) {
          const text = builder.createString(id);
          const value = Id.createId(builder, text);
          ById.startbyId_reply(builder);
          ById.addValue(builder, value);
          return finished(ById.endbyId_reply(builder));
        },
        decode: (bytes) => ({ id: ById.getRootAsbyId_reply(new ByteBuffer(bytes)).value().id() }),
      },
      list100: {
        encode(users) {
          const value = List.createValueVector(builder, users.map(writeUser));
          List.startlist_reply(builder);
          List.addValue(builder, value);
          return finished(List.endlist_reply(builder));
        },
        decode(bytes) {
          const list = List.getRootAslist_reply(new ByteBuffer(bytes));
          return Array.from({ length: list.valueLength() }, (_, i) => readUser(list.value(i)));
        },
      },
    };
  },
};
