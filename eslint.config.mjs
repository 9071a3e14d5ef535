import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Who may import whom is enforced by the TypeScript project references; these rules only add what references cannot see. */
const onlyClientImportsVscode = {
  'no-restricted-imports': [
    'error',
    { paths: [{ name: 'vscode', message: 'Only client/ and the in-host tests import vscode.' }] },
  ],
};

export default tseslint.config(
  { ignores: ['out/', 'dist/', 'node_modules/', '**/node_modules/', 'test-results/', '.vscode-test/', 'examples/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      eqeqeq: 'error',
      'max-lines': ['error', { max: 500 }],
    },
  },
  {
    files: ['core/**/*.ts', 'tools/**/*.ts', 'server/**/*.ts', 'debug-adapter/**/*.ts', 'cli/**/*.ts'],
    rules: onlyClientImportsVscode,
  },
  {
    // node:test's describe/it return promises that the runner itself awaits.
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  { files: ['**/*.mjs', '**/*.js'], languageOptions: { globals: globals.node } },
);
