import { defineFields, definePlugin } from 'ml-log-sidecar/plugin';

const fields = defineFields({
  timestamp: { type: 'date', from: 'timestamp', required: true },
  http_path: { type: 'keyword', from: 'httpPath' },
  status_code: { type: 'short', from: 'statusCode', required: true },
});

/** `INDEX`: calls that the API failed to answer. */
export default definePlugin({
  name: 'NAME',
  description: 'calls that the API failed to answer',
  index: { name: 'INDEX', filtered: false, ...fields.index() },
  create: () => ({
    documents: (event) => ((event.statusCode ?? 0) < 500 ? undefined : fields.document(event)),
  }),
});
