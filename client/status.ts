import * as vscode from 'vscode';
import type { FileStatus } from '../server/protocol';

interface Look {
  readonly text: string;
  readonly tooltip: string;
  /** Theme colour of the background. */
  readonly background?: 'statusBarItem.errorBackground' | 'statusBarItem.warningBackground';
  readonly command: string | vscode.Command;
}

/** The status bar item: what is known about the active editor's file. Hidden for files that hold no BPF program. */
export class StatusItem implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;
  private running = true;
  private shown: FileStatus = { state: 'none' };

  constructor() {
    this.item = vscode.window.createStatusBarItem('ebpf.status', vscode.StatusBarAlignment.Left, 0);
    this.item.name = 'eBPF';
  }

  dispose(): void {
    this.item.dispose();
  }

  show(status: FileStatus): void {
    this.shown = status;
    this.draw();
  }

  serverRuns(running: boolean): void {
    this.running = running;
    this.draw();
  }

  private draw(): void {
    const look = this.running ? lookOf(this.shown) : stopped();
    if (!look) {
      this.item.hide();
      return;
    }
    this.item.text = look.text;
    this.item.tooltip = look.tooltip;
    this.item.command = look.command;
    this.item.backgroundColor = look.background && new vscode.ThemeColor(look.background);
    this.item.accessibilityInformation = { label: look.tooltip };
    this.item.show();
  }
}

function stopped(): Look {
  return {
    text: `$(error) ${vscode.l10n.t('eBPF: server stopped')}`,
    tooltip: vscode.l10n.t('The eBPF language server stopped. Click to start it again.'),
    background: 'statusBarItem.errorBackground',
    command: 'ebpf.restartServer',
  };
}

function lookOf(status: FileStatus): Look | undefined {
  const { t } = vscode.l10n;
  switch (status.state) {
    case 'none':
      return undefined;
    case 'idle':
      return {
        text: `$(circle-outline) ${t('eBPF: not verified')}`,
        tooltip: t('This BPF program has not been verified yet. Click to verify it.'),
        command: 'ebpf.verify',
      };
    case 'compiling':
      return {
        text: `$(sync~spin) ${t('eBPF: compiling')}`,
        tooltip: t('clang compiles this file for verification.'),
        command: 'ebpf.showLog',
      };
    case 'verifying':
      return {
        text: `$(sync~spin) ${t('eBPF: verifying {0}/{1}', Math.min(status.done + 1, status.programs), status.programs)}`,
        tooltip: t('The programs of this file are being verified.'),
        command: 'ebpf.showLog',
      };
    case 'proved':
      return {
        text: status.programs === 0 ? t('eBPF: no programs') : `$(pass) ${t('eBPF: {0} proved', status.programs)}`,
        tooltip:
          status.programs === 0
            ? t('This file holds no program to verify.')
            : t('All {0} programs of this file are proved, in {1} ms.', status.programs, status.milliseconds),
        command: 'ebpf.showLog',
      };
    case 'refused':
      return {
        text: `$(error) ${t('eBPF: {0} refused', status.refused)}`,
        tooltip: t(
          '{0} of {1} programs of this file are refused. Click for the problems.',
          status.refused,
          status.programs,
        ),
        background: 'statusBarItem.errorBackground',
        command: 'workbench.actions.view.problems',
      };
    case 'compile-error':
      return {
        text: `$(error) ${t('eBPF: compile error')}`,
        tooltip: t('clang refused this file with {0} errors. Click for the problems.', status.errors),
        background: 'statusBarItem.errorBackground',
        command: 'workbench.actions.view.problems',
      };
    case 'no-clang':
      return {
        text: `$(warning) ${t('eBPF: no clang')}`,
        tooltip: t('No clang with a BPF target was found. {0}', status.remedy),
        background: 'statusBarItem.warningBackground',
        command: {
          title: t('Open Settings'),
          command: 'workbench.action.openSettings',
          arguments: ['ebpf.clang.path'],
        },
      };
    case 'untrusted':
      return {
        text: `$(shield) ${t('eBPF: not trusted')}`,
        tooltip: t('Verifying runs clang, which needs a trusted workspace. Click to manage trust.'),
        background: 'statusBarItem.warningBackground',
        command: 'workbench.trust.manage',
      };
    case 'failed':
      return {
        text: `$(error) ${t('eBPF: failed')}`,
        tooltip: status.message,
        background: 'statusBarItem.errorBackground',
        command: 'ebpf.showLog',
      };
  }
}
