import { describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module, Scope, type Provider, type Type } from '@nestjs/common';
import { DiscoveryModule, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import fc from 'fast-check';

import type { Delivery } from './delivery.js';
import type { InteractionEvent } from './interaction-event.js';
import { ListenerError, ListenerRegistry, type Listener } from './listener-registry.js';
import { OnInteraction, type ListenerOptions } from './on-interaction.decorator.js';

async function listenersOf(providers: Provider[], imports: Type[] = []): Promise<readonly Listener[]> {
  const building = Test.createTestingModule({
    imports: [DiscoveryModule, ...imports],
    providers: [ListenerRegistry, ...providers],
  });
  return (await building.compile()).get(ListenerRegistry).listeners();
}

/** What the registry says of a listener that cannot work. */
async function complaint(providers: Provider[], imports: Type[] = []): Promise<string> {
  const error = await listenersOf(providers, imports).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ListenerError);
  return (error as ListenerError).message;
}

function listenerClass(name: string, options?: ListenerOptions): Type {
  @Injectable()
  class Generated {
    @OnInteraction({ name }, options)
    handle(): void {}
  }
  return Generated;
}

const EVENT = { seq: 1, interactionId: 'interaction' } as InteractionEvent;
const DELIVERY = { id: 'crm:1', attempt: 1 } as Delivery;

@Injectable()
class Crm {
  readonly closed: (string | undefined)[] = [];

  @OnInteraction({ name: 'crm-close', event: 'FINISHED', mediaType: ['chat', 'email'] }, { attempts: 3 })
  close(event: InteractionEvent): void {
    this.closed.push(event.interactionId);
  }

  @OnInteraction({ name: 'crm-open', event: 'STARTED' })
  open(): string {
    return `closed before: ${this.closed.length}`;
  }

  notAListener(): void {}
}

describe('the registry', () => {
  it('finds every decorated method of every provider, and nothing else', async () => {
    const listeners = await listenersOf([
      Crm,
      listenerClass('other'),
      { provide: 'VALUE', useValue: { on: () => 1 } },
    ]);
    expect(listeners.map(({ name, source, filter }) => ({ name, source, filter }))).toEqual([
      {
        name: 'crm-close',
        source: 'Crm.close',
        filter: { name: 'crm-close', event: 'FINISHED', mediaType: ['chat', 'email'] },
      },
      { name: 'crm-open', source: 'Crm.open', filter: { name: 'crm-open', event: 'STARTED' } },
      { name: 'other', source: 'Generated.handle', filter: { name: 'other' } },
    ]);
  });

  it('finds none where there are none', async () => {
    await expect(listenersOf([])).resolves.toEqual([]);
  });

  it('gives a listener the options that it does not set', async () => {
    const [close, open] = await listenersOf([Crm]);
    const defaults = {
      attempts: 10,
      timeoutMs: 30_000,
      concurrency: 8,
      baseDelayMs: 1_000,
      maxDelayMs: 3_600_000,
      onDead: 'skip',
    };
    expect(open?.options).toMatchObject(defaults);
    expect(close?.options).toMatchObject({ ...defaults, attempts: 3 });
  });

  it('calls a handler on its provider, whatever that injects', async () => {
    const [close, open] = await listenersOf([Crm]);
    close?.handle(EVENT, DELIVERY);
    expect(open?.handle(EVENT, DELIVERY)).toBe('closed before: 1');
  });

  it('finds listeners in modules, and one only once whose class several modules provide', async () => {
    @Module({ providers: [Crm] })
    class CrmModule {}
    @Module({ providers: [Crm] })
    class OtherModule {}
    const listeners = await listenersOf([], [CrmModule, OtherModule]);
    expect(listeners.map(({ name }) => name)).toEqual(['crm-close', 'crm-open']);
  });

  it('finds a listener that is provided under another token', async () => {
    const listeners = await listenersOf([{ provide: 'CRM', useClass: Crm }]);
    expect(listeners.map(({ name }) => name)).toEqual(['crm-close', 'crm-open']);
  });

  it('finds a listener that a factory made', async () => {
    const listeners = await listenersOf([{ provide: Crm, useFactory: () => new Crm() }]);
    expect(listeners.map(({ name }) => name)).toEqual(['crm-close', 'crm-open']);
  });

  it('finds a listener that was made elsewhere', async () => {
    const crm = new Crm();
    const [close] = await listenersOf([{ provide: Crm, useValue: crm }]);
    close?.handle(EVENT, DELIVERY);
    expect(crm.closed).toEqual(['interaction']);
  });
});

describe('inheritance', () => {
  @Injectable()
  class Derived extends Crm {
    override open(): string {
      return 'not decorated any more';
    }
  }

  @Injectable()
  class Redecorated extends Crm {
    @OnInteraction({ name: 'crm-open-too' })
    override open(): string {
      return 'decorated anew';
    }
  }

  it('passes listeners on, except for methods that are overridden', async () => {
    const listeners = await listenersOf([Derived]);
    expect(listeners.map(({ name, source }) => [name, source])).toEqual([['crm-close', 'Derived.close']]);
  });

  it('takes the decorator of the method that overrides', async () => {
    const listeners = await listenersOf([Redecorated]);
    expect(listeners.map(({ name }) => name).sort()).toEqual(['crm-close', 'crm-open-too']);
  });

  it('makes two listeners with one name when both classes are provided', async () => {
    expect(await complaint([Crm, Derived])).toBe(
      'Two listeners are named "crm-close": Crm.close and Derived.close. Deliveries are kept by name: give one another.',
    );
  });
});

describe('a listener cannot work', () => {
  it('when it is a property that holds a function', () => {
    class Arrow {
      readonly handle = (): void => undefined;
    }
    const decorate = OnInteraction({ name: 'arrow' }) as (prototype: object, name: string) => void;
    expect(() => decorate(Arrow.prototype, 'handle')).toThrow(
      '@OnInteraction is for methods, and Arrow.handle is none. Write "handle(event, delivery) { … }".',
    );
  });

  it('when another has its name', async () => {
    @Injectable()
    class Billing {
      @OnInteraction({ name: 'crm-close' })
      bill(): void {}
    }
    expect(await complaint([Crm, Billing])).toBe(
      'Two listeners are named "crm-close": Crm.close and Billing.bill. Deliveries are kept by name: give one another.',
    );
  });

  it('when another has its name in a class that has the same name, too', async () => {
    expect(await complaint([listenerClass('twice'), listenerClass('twice')])).toContain(
      'Two listeners are named "twice"',
    );
  });

  it('when another method of its class has its name', async () => {
    @Injectable()
    class Twice {
      @OnInteraction({ name: 'twice' })
      first(): void {}
      @OnInteraction({ name: 'twice' })
      second(): void {}
    }
    expect(await complaint([Twice])).toContain(
      'Two listeners are named "twice": Twice.first and Twice.second.',
    );
  });

  it.each<[string, Provider]>([
    ['is made for each request', { provide: Crm, useClass: Crm, scope: Scope.REQUEST }],
    ['is made for each who injects it', { provide: Crm, useClass: Crm, scope: Scope.TRANSIENT }],
  ])('when its class %s', async (_, provider) => {
    expect(await complaint([provider])).toBe(
      'Crm.close is a listener, but its class is not a singleton. Give it and all that it injects the default scope.',
    );
  });

  it('when its class injects something that is made for each request', async () => {
    @Injectable()
    class Dependent {
      constructor(@Inject(REQUEST) readonly request: unknown) {}
      @OnInteraction({ name: 'dependent' })
      handle(): void {}
    }
    expect(await complaint([Dependent])).toContain(
      'Dependent.handle is a listener, but its class is not a singleton.',
    );
  });
});

describe('the name of a listener', () => {
  it.each(['a', '0', 'crm-close-case', 'crm.close_case', 'x'.repeat(64)])('can be %p', async (name) => {
    const [listener] = await listenersOf([listenerClass(name)]);
    expect(listener?.name).toBe(name);
  });

  it.each([
    '',
    ' ',
    'Crm',
    '-crm',
    '.crm',
    'crm close',
    'crm/close',
    'crm\n',
    'crm:1',
    'cåm',
    'x'.repeat(65),
  ])('cannot be %p', async (name) => {
    expect(await complaint([listenerClass(name)])).toBe(
      `Generated.handle: the listener name "${name}" must be 1 to 64 characters of a-z, 0-9, ".", "_" and "-".`,
    );
  });

  it('cannot be missing', async () => {
    expect(await complaint([listenerClass(undefined as unknown as string)])).toContain(
      'the listener name "undefined"',
    );
  });
});

describe('an option of a listener', () => {
  const least = { attempts: 1, timeoutMs: 1, concurrency: 1, baseDelayMs: 0, maxDelayMs: 0 } as const;
  const names = Object.keys(least) as (keyof typeof least)[];

  it.each(names)(
    '%s can be any whole number from its least to the greatest that a timer takes',
    async (name) => {
      const whole = fc.integer({ min: least[name], max: 2 ** 31 - 1 });
      await fc.assert(
        fc.asyncProperty(whole, async (value) => {
          const [listener] = await listenersOf([listenerClass('crm', { [name]: value })]);
          expect(listener?.options[name]).toBe(value);
        }),
        { numRuns: 10 },
      );
    },
  );

  it.each(names)('%s cannot be anything else', async (name) => {
    for (const value of [least[name] - 1, -1, 1.5, 2 ** 31, NaN, Infinity, '5', null, {}]) {
      expect(await complaint([listenerClass('crm', { [name]: value as number })])).toMatch(
        new RegExp(
          `^Generated\\.handle: the option ${name} must be a whole number from ${least[name]} to 2147483647, not .+\\.$`,
        ),
      );
    }
  });
});
