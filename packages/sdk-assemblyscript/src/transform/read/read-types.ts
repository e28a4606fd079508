import {
  ClassDeclaration,
  EnumDeclaration,
  FieldDeclaration,
  NamedTypeNode,
  type Range,
  type Source,
  type TypeNode,
  TypeDeclaration,
} from 'assemblyscript';
import { checkDecorators, findDecorator } from './decorators.ts';
import { literalOf } from './literal.ts';
import type { ModuleNames } from '../module-names.ts';
import type { Report } from '../report.ts';
import type { Meaning, SourceNames } from './source-names.ts';
import {
  type DeclaredType,
  type EnumDeclaration as EnumType,
  type Field,
  fixedClassSizes,
  type FixedClassName,
  isReference,
  type ProductDeclaration,
  type ScalarName,
  scalarSizes,
  type SumDeclaration,
  type ValueType,
  type Variant,
} from '../value-type.ts';

/** Decorators that a field of a row may carry. */
const fieldDecorators = ['primaryKey', 'unique', 'autoInc', 'index', 'defaultValue'];

const noField: readonly Field[] = [];
const noVariants: readonly Variant[] = [];

/** Turns the types that stand in the source into those of the module definition. */
export class TypeReader {
  readonly #names: SourceNames;
  readonly #moduleNames: ModuleNames;
  readonly #report: Report;
  readonly #declared = new Map<ClassDeclaration | EnumDeclaration, DeclaredType>();
  readonly #variantsBySum = new Map<ClassDeclaration, [ClassDeclaration, Source][]>();

  constructor(names: SourceNames, moduleNames: ModuleNames, report: Report) {
    this.#names = names;
    this.#moduleNames = moduleNames;
    this.#report = report;
  }

  /** The names of the declared types and where they stand. */
  declaredRanges(): { name: string; range: Range }[] {
    return [...this.#declared].map(([{ name }, declared]) => ({ name: declared.name, range: name.range }));
  }

  /** Notes the variants of sums, which stand apart from them. */
  noteVariant(declaration: ClassDeclaration, source: Source): void {
    const sumName = declaration.extendsType?.name.identifier.text ?? '';
    const sum = this.#names.find(source, sumName);
    const isSum =
      sum?.kind === 'declared' &&
      sum.declaration instanceof ClassDeclaration &&
      findDecorator(sum.declaration, 'sum') !== undefined;
    if (!isSum) {
      this.#report.error(declaration.name.range, `the variant ${declaration.name.text} must extend a class with @sum`);
      return;
    }
    const variants = this.#variantsBySum.get(sum.declaration);
    if (variants === undefined) this.#variantsBySum.set(sum.declaration, [[declaration, source]]);
    else variants.push([declaration, source]);
  }

  /** The type that a node says, or `undefined` after an error was reported. `what` says whose type it is. */
  read(node: TypeNode, source: Source, what: string): ValueType | undefined {
    if (!(node instanceof NamedTypeNode) || node.name.next !== null) return this.#unsupported(node, what);
    const base = this.#readBase(node, source, what);
    if (base === undefined || !node.isNullable) return base;
    if (!isReference(base)) {
      this.#report.error(node.range, `${what}: a number, boolean or enum cannot be null, write Option<${text(node)}>`);
      return undefined;
    }
    if (base.kind === 'option') {
      this.#report.error(node.range, `${what}: an option of an option cannot be told from one option when it is null`);
      return undefined;
    }
    return { kind: 'option', some: base, isNullable: true };
  }

  #readBase(node: NamedTypeNode, source: Source, what: string): ValueType | undefined {
    const name = node.name.identifier.text;
    const meaning = this.#names.find(source, name);
    if (meaning?.kind === 'declared') return this.#readDeclared(node, meaning, what);
    return this.#readBuiltIn(node, meaning?.name ?? name, source, what);
  }

  #readBuiltIn(node: NamedTypeNode, name: string, source: Source, what: string): ValueType | undefined {
    if (name in scalarSizes) return { kind: 'scalar', name: name as ScalarName };
    if (name in fixedClassSizes) return { kind: 'fixed', name: name as FixedClassName };
    const typeArguments = node.typeArguments ?? [];
    switch (name) {
      case 'string':
      case 'String':
        return { kind: 'string' };
      case 'boolean':
        return { kind: 'scalar', name: 'bool' };
      case 'Uint8Array':
        return { kind: 'bytes' };
      case 'Unit':
        return { kind: 'unit' };
      case 'Array': {
        const element = typeArguments[0] && this.read(typeArguments[0], source, what);
        return element && { kind: 'array', element };
      }
      case 'Option': {
        const some = typeArguments[0] && this.read(typeArguments[0], source, what);
        return some && { kind: 'option', some, isNullable: false };
      }
      case 'Result': {
        const ok = typeArguments[0] && this.read(typeArguments[0], source, what);
        const err = typeArguments[1] && this.read(typeArguments[1], source, what);
        return ok && err && { kind: 'result', ok, err };
      }
      case 'number':
        this.#report.error(node.range, `${what}: "number" is f64 in AssemblyScript; say f64, or the integer you mean`);
        return undefined;
      default:
        return this.#unsupported(node, what);
    }
  }

  #unsupported(node: TypeNode, what: string): undefined {
    this.#report.error(
      node.range,
      `${what}: the database cannot store the type ${text(node)}; it knows bool, integers from i8 to u256, f32, f64, ` +
        'string, arrays, Option, Result, Identity, ConnectionId, Timestamp, TimeDuration, ScheduleAt, Uuid, enums, ' +
        'and classes with @table, @product or @sum',
    );
    return undefined;
  }

  #readDeclared(
    node: NamedTypeNode,
    meaning: Extract<Meaning, { kind: 'declared' }>,
    what: string,
  ): ValueType | undefined {
    const { declaration, source } = meaning;
    if (declaration instanceof TypeDeclaration) {
      // `type Cents = i64`
      return declaration.typeParameters === null
        ? this.read(declaration.type, source, what)
        : this.#unsupported(node, what);
    }
    const declared = this.readDeclaration(declaration, source);
    return declared === undefined ? this.#unsupported(node, what) : { kind: 'named', declared };
  }

  /** The type that an enum or a class with @table, @product or @sum declares; `undefined` for other classes. */
  readDeclaration(declaration: ClassDeclaration | EnumDeclaration, source: Source): DeclaredType | undefined {
    const known = this.#declared.get(declaration);
    if (known !== undefined) return known;
    const code = this.#moduleNames.code(declaration, source);
    const localName = declaration.name.text;
    const common = { name: localName, code, path: source.internalPath, localName };
    if (declaration instanceof EnumDeclaration) return this.#readEnum(declaration, common);
    const isSum = findDecorator(declaration, 'sum') !== undefined;
    const isProduct = findDecorator(declaration, 'table') ?? findDecorator(declaration, 'product');
    if (!isSum && isProduct === undefined) return undefined;
    if (declaration.typeParameters !== null) {
      this.#report.error(declaration.name.range, `${localName} has type parameters; a stored type is one type`);
    }
    // Kept before its fields are read, as they may lead back here.
    if (isSum) {
      const sum: SumDeclaration = { kind: 'sum', ...common, variants: noVariants };
      this.#declared.set(declaration, sum);
      sum.variants = this.#readVariants(declaration);
      return sum;
    }
    const product: ProductDeclaration = { kind: 'product', ...common, fields: noField };
    this.#declared.set(declaration, product);
    product.fields = this.#readFields(declaration, source, fieldDecorators);
    if (declaration.extendsType !== null) {
      this.#report.error(declaration.extendsType.range, `${localName} cannot extend a class: its columns stand in it`);
    }
    return product;
  }

  #readEnum(declaration: EnumDeclaration, common: Pick<EnumType, 'name' | 'code' | 'path' | 'localName'>): EnumType {
    declaration.values.forEach((value, position) => {
      const initializer = value.initializer && literalOf(value.initializer);
      if (value.initializer !== null && initializer !== BigInt(position)) {
        const rule = `is stored as its position, ${position}, and cannot have another value`;
        this.#report.error(value.range, `${declaration.name.text}.${value.name.text} ${rule}`);
      }
    });
    if (declaration.values.length > 256) {
      this.#report.error(declaration.name.range, `the enum ${declaration.name.text} has more than 256 variants`);
    }
    const variants = declaration.values.map((value) => value.name.text);
    const declared: EnumType = { kind: 'enum', ...common, variants };
    this.#declared.set(declaration, declared);
    return declared;
  }

  #readFields(declaration: ClassDeclaration, source: Source, allowed: readonly string[]): Field[] {
    const fields: Field[] = [];
    for (const member of declaration.members) {
      if (!(member instanceof FieldDeclaration) || member.is(STATIC)) continue;
      checkDecorators(member, allowed, this.#report);
      const property = member.name.text;
      const what = `${declaration.name.text}.${property}`;
      if (member.isAny(PRIVATE | PROTECTED)) {
        this.#report.error(member.name.range, `${what} is stored, so it cannot be private or protected`);
      }
      if (member.type === null) {
        this.#report.error(member.name.range, `${what} needs a type`);
        continue;
      }
      const type = this.read(member.type, source, what);
      if (type !== undefined) {
        fields.push({ property, name: this.#moduleNames.name(property), type, range: member.name.range });
      }
    }
    return fields;
  }

  #readVariants(sum: ClassDeclaration): Variant[] {
    const declarations = this.#variantsBySum.get(sum) ?? [];
    if (declarations.length === 0) {
      this.#report.error(sum.name.range, `${sum.name.text} has no variants: classes with @variant that extend it`);
    }
    const names = new Set<string>();
    return declarations.map(([declaration, source]) => {
      const fields = this.#readFields(declaration, source, []);
      if (fields.length > 1) {
        const rule = 'carries more than one value; put them into a class with @product and let it carry that';
        this.#report.error(declaration.name.range, `the variant ${declaration.name.text} ${rule}`);
      }
      const argument = findDecorator(declaration, 'variant')?.args?.[0];
      const given = argument && literalOf(argument);
      const name = typeof given === 'string' ? given : declaration.name.text;
      if (names.has(name)) this.#report.error(declaration.name.range, `${sum.name.text} has two variants ${name}`);
      names.add(name);
      return { name, code: this.#moduleNames.code(declaration, source), payload: fields[0] };
    });
  }
}

export const STATIC: number = 1 << 5;
const PRIVATE = 1 << 9;
const PROTECTED = 1 << 10;

function text(node: TypeNode): string {
  return node.range.source.text.slice(node.range.start, node.range.end);
}
