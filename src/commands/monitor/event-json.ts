/** An event as an object: identities and settings as documents have them. */
import { daemonValue, destinationValue, serviceSettings } from '../../document/write.js';
import { destinationKey } from '../../model/destination.js';
import { formatService } from '../../model/service-uri.js';
import type { EventSettings, EventSubject, MonitorEvent } from '../../observe/table/event.js';
import type { Json } from '../../output/json.js';

export const eventJson = (event: MonitorEvent, time: Date): Json => ({
  time: time.toISOString(),
  section: event.section,
  ...subjectJson(event.subject),
  action: event.action,
  ...(event.action === 'changed'
    ? {
        field: event.field,
        from: event.from ?? null,
        to: event.to ?? null,
        ...('reason' in event && { reason: event.reason }),
      }
    : event.action === 'added'
      ? { from: null, to: settingsJson(event.settings) }
      : { from: settingsJson(event.settings), to: null }),
});

function subjectJson(subject: EventSubject): { readonly [key: string]: Json } {
  if ('timeouts' in subject) return {};
  if ('daemon' in subject) return { daemon: subject.daemon };
  const { service, server } = subject;
  return { service: formatService(service), ...(server && { server: destinationKey(server) }) };
}

function settingsJson(settings: EventSettings): Json {
  if ('service' in settings) return serviceSettings(settings.service);
  return 'server' in settings ? destinationValue(settings.server) : { ...daemonValue(settings.daemon) };
}
