import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  getMetadataStorage,
  IS_OPTIONAL,
  ValidateNested,
  type ValidationOptions,
  type ValidatorConstraintInterface,
} from 'class-validator';

type Constructor = new () => object;
type Check = (value: unknown) => boolean;

const NESTED_TYPE = Symbol('nested type');

/** `@ValidateNested` and `@Type` in one, with the class where {@link compileValidator} finds it. */
export const Nested = (type: () => Constructor, options: ValidationOptions): PropertyDecorator =>
  applyDecorators(ValidateNested(options), Type(type), (target: object, property: string | symbol) =>
    Reflect.defineMetadata(NESTED_TYPE, type, target, property),
  );

/** What class-validator keeps of one decorator; it exports no type for it. */
interface RuleMetadata {
  readonly type: string;
  readonly name?: string;
  readonly propertyName: string;
  readonly constraintCls: new () => ValidatorConstraintInterface;
  readonly constraints: unknown[];
  readonly each: boolean;
  readonly groups: string[];
  readonly always?: boolean;
}

/**
 * Compiles the class-validator decorators of a class into one function that says whether plain data is
 * valid. It gives no reasons: for those, let class-validator look at what this has refused.
 *
 * Nearly every payload is valid, and class-transformer with class-validator take about ten times as long to
 * say so (docs/benchmarks.md). The rules stay declared once, in the decorators.
 *
 * Knows validators made by decorators, `IsOptional` and {@link Nested}, which is what our DTOs use.
 *
 * @param groups the validation groups in force.
 * @throws Error for any other decorator.
 * @example
 * const isPayload = compileValidator(EventsPayloadDto, []);
 * isPayload({ data: { entities: [] } }); // true
 */
export function compileValidator(type: Constructor, groups: readonly string[]): Check {
  const rules = getMetadataStorage().getTargetValidationMetadatas(
    type,
    '',
    true,
    false,
  ) as unknown as RuleMetadata[];
  const byProperty = Map.groupBy(rules, ({ propertyName }) => propertyName);
  const properties = [...byProperty].map(([property, own]) => ({
    property,
    optional: own.some((rule) => rule.name === IS_OPTIONAL && inForce(rule, groups)),
    checks: own.filter((rule) => inForce(rule, groups)).flatMap((rule) => compileRule(type, rule, groups)),
  }));
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    for (const { property, optional, checks } of properties) {
      const field = (value as Record<string, unknown>)[property];
      if (optional && (field === undefined || field === null)) continue;
      for (const check of checks) if (!check(field)) return false;
    }
    return true;
  };
}

function inForce({ always, groups: own }: RuleMetadata, groups: readonly string[]): boolean {
  return always === true || own.some((group) => groups.includes(group));
}

function compileRule(type: Constructor, rule: RuleMetadata, groups: readonly string[]): Check[] {
  switch (rule.type) {
    case 'conditionalValidation':
      if (rule.name === IS_OPTIONAL) return [];
      break;
    case 'nestedValidation': {
      const nested = nestedType(type, rule.propertyName);
      return [forEach(rule, compileValidator(nested, groups))];
    }
    case 'customValidation': {
      const constraint = new rule.constraintCls();
      const args = { constraints: rule.constraints, property: rule.propertyName } as never;
      return [forEach(rule, (value) => constraint.validate(value, args) === true)];
    }
  }
  throw new Error(
    `compileValidator does not know the decorator of type ${rule.type} on ${type.name}.${rule.propertyName}`,
  );
}

function forEach({ each }: RuleMetadata, check: Check): Check {
  return each ? (values) => Array.isArray(values) && values.every(check) : check;
}

function nestedType(type: Constructor, property: string): Constructor {
  const nested = Reflect.getMetadata(NESTED_TYPE, type.prototype as object, property) as
    (() => Constructor) | undefined;
  if (nested === undefined)
    throw new Error(`${type.name}.${property} needs @Nested instead of @ValidateNested.`);
  return nested();
}
