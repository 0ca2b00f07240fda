/** Events of the table as lines of text, and as JSON. */
import { printable } from '../foreign-text.js';
import { destinationKey } from '../model/destination.js';
import { formatService } from '../model/service-uri.js';
import type { EventSettings, EventSubject, MonitorEvent } from '../observe/table/event.js';
import { daemonText, serverText, serviceText, valueText } from './plan.js';
import type { Theme } from './theme.js';

/** `2026-11-29T18:20:37.250Z tcp://192.0.2.10:80 198.51.100.7:80 weight: 1 -> 0` */
export const eventLine = (event: MonitorEvent, time: Date, theme: Theme): string =>
  `${theme.quiet(time.toISOString())} ${nameOf(event.subject)} ${happening(event, theme)}\n`;

function happening(event: MonitorEvent, theme: Theme): string {
  if (event.action === 'changed') {
    const { field, from, to } = event;
    const reason = 'reason' in event && event.reason !== null ? `: ${printable(event.reason)}` : '';
    return `${field}: ${theme.removed(valueText(from))} -> ${theme.added(valueText(to))}${reason}`;
  }
  return theme[event.action](`${event.action}: ${settingsText(event.settings)}`);
}

function settingsText(settings: EventSettings): string {
  if ('service' in settings) return serviceText(settings.service);
  return 'server' in settings ? serverText(settings.server) : daemonText(settings.daemon);
}

function nameOf(subject: EventSubject): string {
  if ('timeouts' in subject) return 'timeouts';
  if ('daemon' in subject) return printable(`${subject.daemon} sync daemon`);
  const { service, server } = subject;
  return server === undefined
    ? formatService(service)
    : `${formatService(service)} ${destinationKey(server)}`;
}
