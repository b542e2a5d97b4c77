// Where small faults can be planted in a file, and what each looks like.
import { parseSync } from 'oxc-parser';

/** Larger constants are sizes and limits, of which one more or less is as good. */
const LARGEST_CONSTANT = 8;
/** Characters of a change that is printed whole. */
const SHOWN = 120;

const OPERATORS = {
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
  '%': '*',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '===': '!==',
  '!==': '===',
  '==': '!=',
  '!=': '==',
  '&&': '||',
  '||': '&&',
  '<<': '>>',
  '>>': '<<',
  '&': '|',
  '|': '&',
};
const LANES = { add: 'sub', sub: 'add', mul: 'add', max: 'min', min: 'max', gt: 'ge', ge: 'gt', lt: 'le', le: 'lt' };
/** Calls that bring bytes to the disk. */
const SYNC = /fsync|datasync|syncdir|syncfolder|^sync$/i;

/**
 * Every fault that can be planted in a file: `replacement` in the place of text[start, end).
 *
 * `at` is where the expression or statement around it begins, `change` what is printed: all of that, before and after.
 */
export function sitesOf(file, text) {
  const isKernel = file.startsWith('kernels/');
  // AssemblyScript has decorators where TypeScript has none.
  const { program, errors } = parseSync(
    file,
    text.replaceAll(/^\s*@\w+/gm, (decorator) => decorator.replaceAll(/\S/g, ' ')),
  );
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const sites = [];
  const source = (node) => text.slice(node.start, node.end);
  const add = (kind, { start, end }, replacement, around) => {
    const shown = around.end - around.start <= SHOWN ? around : { start, end };
    const after = text.slice(shown.start, start) + replacement + text.slice(end, shown.end);
    sites.push({ kind, file, text, at: around.start, start, end, replacement, change: `${brief(source(shown))} -> ${brief(after)}` });
  };
  visit(program, undefined, (node, parent) => {
    switch (node.type) {
      case 'BinaryExpression':
      case 'LogicalExpression': {
        const other = OPERATORS[node.operator];
        if (other === undefined || (node.operator === '+' && (isText(node.left) || isText(node.right)))) return;
        const between = text.slice(node.left.end, node.right.start);
        // Within a comment it may stand, too.
        if (between.split(node.operator).length !== 2) return;
        const at = node.left.end + between.indexOf(node.operator);
        add('operator', { start: at, end: at + node.operator.length }, other, node);
        return;
      }
      case 'Literal':
        if (Number.isInteger(node.value) && node.value <= LARGEST_CONSTANT) add('constant', node, String(node.value + 1), parent);
        return;
      case 'AwaitExpression':
        add('await', node, source(node.argument), node);
        return;
      case 'UnaryExpression':
        if (node.operator === '!') add('negation', node, source(node.argument), node);
        return;
      case 'IfStatement':
        if (node.alternate) {
          const block = (branch) => (branch.type === 'BlockStatement' ? source(branch) : `{ ${source(branch)} }`);
          const both = { start: node.consequent.start, end: node.alternate.end };
          add('branches', both, `${block(node.alternate)} else ${block(node.consequent)}`, node);
        }
        return;
      case 'ConditionalExpression': {
        const both = { start: node.consequent.start, end: node.alternate.end };
        add('branches', both, `${source(node.alternate)} : ${source(node.consequent)}`, node);
        return;
      }
      case 'CallExpression': {
        const name = node.callee.property?.name;
        if (isKernel && name in LANES && /x\d+$/.test(node.callee.object?.name ?? ''))
          add('operator', node.callee.property, LANES[name], node);
        return;
      }
      case 'ExpressionStatement': {
        const call = node.expression.type === 'AwaitExpression' ? node.expression.argument : node.expression;
        if (call.type !== 'AssignmentExpression' && call.type !== 'CallExpression') return;
        const name = call.callee?.property?.name ?? call.callee?.name ?? '';
        add(SYNC.test(name) ? 'sync' : 'statement', node, ';', node);
        return;
      }
      default:
    }
  });
  return sites;
}

const isText = (side) =>
  side.type === 'TemplateLiteral' ||
  typeof side.value === 'string' ||
  (side.type === 'ParenthesizedExpression' && isText(side.expression)) ||
  (side.type === 'BinaryExpression' && (isText(side.left) || isText(side.right)));

function brief(words) {
  const line = words.replaceAll(/\s+/g, ' ');
  return line.length <= SHOWN ? line : `${line.slice(0, SHOWN)}...`;
}

function visit(node, parent, each) {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const item of node) visit(item, parent, each);
    return;
  }
  const isNode = typeof node.type === 'string';
  // Types are erased.
  if (isNode && node.type.startsWith('TS') && !['TSAsExpression', 'TSNonNullExpression', 'TSTypeAssertion'].includes(node.type)) return;
  if (isNode) each(node, parent);
  for (const key in node) if (key !== 'type') visit(node[key], isNode ? node : parent, each);
}

/** The file with a fault. */
export function plant({ text, start, end, replacement }) {
  return text.slice(0, start) + replacement + text.slice(end);
}
