import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sizeText } from '../../app/dates.ts';
import { useAct, useCall } from '../../boundary/use-call.ts';
import { Failed } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icon.tsx';
import { ItemRows } from '../../parts/item-rows.tsx';
import { saveFile } from '../../parts/save.ts';
import { Trend } from '../../parts/trend.tsx';
import { Flag } from '../../parts/value.tsx';
import { longClass, valueClass } from '../../parts/value-class.ts';
import type { ItemView, ResultView } from '../../worker/item-view.ts';

/** What the entry says: values in columns, the rest in terms and words; nothing in it is taken for HTML. */
export function ItemBody({ item }: { readonly item: ItemView }) {
  return (
    <>
      {item.results.length > 0 && <Values item={item} />}
      <Trends item={item} />
      <Says item={item} />
      {item.file.kind === 'image' && <Picture item={item} />}
      {item.attachments.length > 0 && <Attachments item={item} />}
    </>
  );
}

const isOut = ({ flag }: ResultView): boolean => {
  const code = flag.replace(/^range:/u, '');
  return code !== '' && code !== 'N';
};

function Values({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const out = item.results.filter(isOut).length;
  const sorted = item.results.toSorted((a, b) => Number(isOut(b)) - Number(isOut(a)));
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>
          {out > 0 && item.results.length > 1
            ? t('item.outside', { count: out })
            : t('item.values')}
        </h2>
      </div>
      <div className="sheet">
        <table className="fold labs">
          <caption className="hide">{t('item.values')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('item.test')}</th>
              <td />
              <th scope="col" className="num">
                {t('item.value')}
              </th>
              <th scope="col">{t('item.unit')}</th>
              <th scope="col" className="num">
                {t('item.range')}
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map((it, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: names may be the same, and the list does not change.
              <tr key={i}>
                <th scope="row">
                  <bdi>{it.name === '' ? item.title : it.name}</bdi>
                </th>
                <td className="fl">
                  <Flag flag={it.flag} />
                </td>
                <td className="num">
                  {it.value === '' ? (
                    <span className="dim">{t('item.noResult')}</span>
                  ) : (
                    <bdi className={valueClass(it.value)}>{it.value}</bdi>
                  )}
                </td>
                <td className="un">
                  <bdi className={longClass(it.unit)}>{it.unit}</bdi>
                </td>
                <td className="num rg" data-l={t('item.range')}>
                  {it.range === '' ? (
                    <span className="dim">{t('item.noRange')}</span>
                  ) : (
                    <bdi className={longClass(it.range)}>{it.range}</bdi>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {out > 0 && (
        <p className="hint mt-s">
          {t(item.proof.flagBy === 'range' ? 'item.flagByRange' : 'item.flagBySource')}
        </p>
      )}
    </section>
  );
}

function Trends({ item }: { readonly item: ItemView }) {
  const trend = useCall('item.trend', { handle: item.handle });
  if (trend.data === undefined || trend.data === null || trend.data.points.length < 2) return null;
  const [only, another] = item.results;
  const band = another === undefined && only !== undefined ? only : undefined;
  const hasBand = band?.low !== undefined || band?.high !== undefined;
  return <Trend trend={trend.data} band={hasBand ? band : undefined} range={band?.range ?? ''} />;
}

/** Rows that the table of values says already. */
function restOf(item: ItemView): ItemView['rows'] {
  const when = item.clinicalDate.replace('T', ' ');
  // The date stands at the head of the page.
  const rows = item.rows.filter(([, text]) => when === '' || text !== when);
  if (item.results.length === 0) return rows;
  const said = new Set(['Result', 'Usual range', ...item.results.map((it) => it.name)]);
  return rows.filter(([label]) => !said.has(label));
}

function Says({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const rows = restOf(item);
  const isEmpty = rows.length === 0 && item.paragraphs.length === 0 && item.results.length === 0;
  const { kind, bytes } = item.file;
  return (
    <section className="sec">
      {rows.length + item.paragraphs.length > 0 && (
        <div className="sec-head">
          <h2>{t('item.says')}</h2>
        </div>
      )}
      {rows.length > 0 && <ItemRows rows={rows} />}
      {item.paragraphs.length > 0 && (
        <>
          {rows.length > 0 && <p className="hint mt">{t('item.written')}</p>}
          {item.paragraphs.map((it, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: paragraphs may be the same, and the list does not change.
            <p key={i} className="pre" dir="auto">
              {it}
            </p>
          ))}
        </>
      )}
      {kind === 'pdf' && <p>{t('item.pdf', { size: sizeText(bytes) })}</p>}
      {isEmpty && kind !== 'image' && kind !== 'pdf' && <p className="dim">{t('item.nothing')}</p>}
    </section>
  );
}

function Picture({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const file = useCall('item.bytes', { handle: item.handle });
  const [url, setUrl] = useState<string>();
  const [isBroken, setBroken] = useState(false);
  const blob = file.data?.blob;
  useEffect(() => {
    if (blob === undefined) return undefined;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('item.picture')}</h2>
      </div>
      {file.error !== null && <Failed error={file.error} again={() => void file.refetch()} />}
      {isBroken && <p className="dim">{t('item.pictureBroken')}</p>}
      {url === undefined ? (
        file.error === null && <span className="sk h2 w60" />
      ) : (
        <img
          className="shown-picture"
          src={url}
          alt={item.title}
          hidden={isBroken}
          onError={() => setBroken(true)}
        />
      )}
    </section>
  );
}

function Attachments({ item }: { readonly item: ItemView }) {
  const { t } = useTranslation();
  const save = useAct('item.attachment');
  return (
    <section className="sec">
      <div className="sec-head">
        <h2>{t('item.inside')}</h2>
      </div>
      <ul className="sheet rows">
        {item.attachments.map((it) => (
          <li key={it.number} className="row rowx">
            <span className="glyph">
              <Icon name="file" />
            </span>
            <span>
              <bdi className="t">{it.fileName}</bdi>
              <br />
              <span className="s">
                <bdi>{it.contentType}</bdi>, {sizeText(it.bytes)}
              </span>
            </span>
            <span className="e no-print">
              <button
                type="button"
                className="btn line small"
                disabled={save.isPending}
                onClick={() =>
                  save.mutate(
                    { handle: item.handle, number: it.number },
                    { onSuccess: ({ blob, name }) => saveFile(blob, name) },
                  )
                }
              >
                <Icon name="save" />
                {t('item.save')}
                <span className="hide"> {it.fileName}</span>
              </button>
            </span>
          </li>
        ))}
      </ul>
      {save.error !== null && <Failed error={save.error} />}
    </section>
  );
}
