import type { Names } from './names.js';

/** The README.md of a new listener. */
export function readmeOf({ name, className, packageName }: Names): string {
  return `# ${packageName}

The listener \`${name}\` for [interactions-webhook](node_modules/interactions-webhook/docs).

\`\`\`sh
npm install
npm test          # compiles, and runs src/${name}.listener.spec.ts
npm start         # the service with this listener; compiles and starts again on every change
npm run send      # in a second terminal: a signed event
\`\`\`

Until \`interactions-webhook\` is published where npm looks, \`npm install\` does not find it. Then install the packed
one: \`npm pack\` in the checkout of the service, and here \`npm install -D\` with the path of the \`.tgz\` that it wrote.

The work is done in \`src/${name}.listener.ts\`. \`@OnInteraction()\` says which events it is handed:

| option               | values                       | left out |
| -------------------- | ---------------------------- | -------- |
| \`event\`              | \`STARTED\`, \`FINISHED\`        | both     |
| \`mediaType\`          | \`chat\`, \`email\`              | all      |
| \`interactionSubtype\` | \`InboundNew\`, \`WhatsApp\`, …  | all      |
| \`channel\`            | the channel's name           | all      |

Each takes one value or a list. Keep \`name\`: deliveries are kept under it. What the listener needs is
injected: add it to the providers of \`${className}Module\`. How to test it is in
\`node_modules/interactions-webhook/docs/testing.md\`.

## Where the service runs

\`npm pack\` here; there install what it wrote beside \`interactions-webhook\`, and name it:

\`\`\`sh
npm install interactions-webhook ./${packageName}-0.1.0.tgz
LISTENERS=${packageName} npx interactions-webhook start
\`\`\`

\`npm ls @nestjs/common\` must show one version: the listener uses the service's Nest.
`;
}
